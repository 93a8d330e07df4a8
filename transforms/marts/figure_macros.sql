-- What several marts say of a count: its pace (months of 30.4375 days, a straight line from the figure observed), its band
-- (from loose linking to strict linking and what waits in quarantine), and the verdict on a region.
CREATE OR REPLACE MACRO months_between(first_day, last_day) AS date_diff('day', first_day, last_day) / 30.4375;
CREATE OR REPLACE MACRO required_pace(gap_count, first_day, last_day) AS
    CASE WHEN gap_count > 0 AND first_day < last_day THEN gap_count / months_between(first_day, last_day) END;
CREATE OR REPLACE MACRO projected_date(gap_count, pace, first_day) AS
    CASE WHEN gap_count > 0 AND pace > 0 AND gap_count / pace < 900 THEN first_day + ceil(gap_count / pace * 30.4375)::INTEGER END;
CREATE OR REPLACE MACRO band_low_change(strict_change, loose_change) AS least(0, strict_change, loose_change);
CREATE OR REPLACE MACRO band_high_change(strict_change, loose_change, waiting_count) AS
    greatest(0, strict_change, loose_change) + waiting_count;
CREATE OR REPLACE MACRO regional_verdict(target_basis, observed_count, target_count, target_year, coverage_ratio) AS
    CASE WHEN target_basis <> 'operator_target' THEN 'not_assessable'
         WHEN observed_count >= target_count THEN 'met'
         WHEN make_date(target_year, 12, 31) > getvariable('as_of') OR coverage_ratio < 0.95 THEN 'not_assessable'
         ELSE 'not_met' END;
