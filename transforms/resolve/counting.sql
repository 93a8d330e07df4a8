-- What a registration or business counts as; the same for what is registered and for what waits in quarantine.
-- Size classes of PP 7/2021 article 35, upper bounds inclusive (a test holds them against reference.size_classes).
CREATE OR REPLACE MACRO size_class_by_sales(amount_idr) AS
    CASE WHEN amount_idr <= 2000000000 THEN 'micro' WHEN amount_idr <= 15000000000 THEN 'small'
         WHEN amount_idr <= 50000000000 THEN 'medium' ELSE 'large' END;
CREATE OR REPLACE MACRO size_class_by_capital(amount_idr) AS
    CASE WHEN amount_idr <= 1000000000 THEN 'micro' WHEN amount_idr <= 5000000000 THEN 'small'
         WHEN amount_idr <= 10000000000 THEN 'medium' ELSE 'large' END;
CREATE OR REPLACE MACRO size_class_of(omzet_idr, capital_idr) AS
    CASE WHEN omzet_idr IS NOT NULL THEN size_class_by_sales(omzet_idr)
         WHEN capital_idr IS NOT NULL THEN size_class_by_capital(capital_idr) ELSE 'unknown' END;
-- The narrowest definition that the channels meet (a test holds it against reference.channels); NULL for none.
CREATE OR REPLACE MACRO digital_rank_of(marketplace, food_delivery, ekatalog, social_media, instant_messaging, own_website, epayment, internet) AS
    CASE WHEN marketplace OR food_delivery OR ekatalog THEN 1 WHEN social_media OR instant_messaging OR own_website THEN 2
         WHEN epayment THEN 3 WHEN internet THEN 4 END;
-- 31 December of the year that is claimed, or the interview that shows it where that lies in the same year or no year is given.
CREATE OR REPLACE MACRO counted_from_date_of(digital_rank, since_year, proven_date, wave) AS
    CASE WHEN digital_rank IS NULL THEN NULL
         WHEN since_year <> year(proven_date) THEN make_date(since_year, 12, 31)
         ELSE coalesce(proven_date, make_date(coalesce(since_year, wave), 12, 31)) END;
