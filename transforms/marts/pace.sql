-- What marts say about the speed of attainment: months of 30.4375 days, and a straight line from the figure observed.
CREATE OR REPLACE MACRO months_between(first_day, last_day) AS date_diff('day', first_day, last_day) / 30.4375;
CREATE OR REPLACE MACRO required_pace(gap_count, first_day, last_day) AS
    CASE WHEN gap_count > 0 AND first_day < last_day THEN gap_count / months_between(first_day, last_day) END;
CREATE OR REPLACE MACRO projected_date(gap_count, pace, first_day) AS
    CASE WHEN gap_count > 0 AND pace > 0 AND gap_count / pace < 900 THEN first_day + ceil(gap_count / pace * 30.4375)::INTEGER END;
