-- Size classes of PP 7/2021 article 35, upper bounds inclusive (a test holds them against reference.size_classes).
CREATE OR REPLACE MACRO size_class_by_sales(amount_idr) AS
    CASE WHEN amount_idr <= 2000000000 THEN 'micro' WHEN amount_idr <= 15000000000 THEN 'small'
         WHEN amount_idr <= 50000000000 THEN 'medium' ELSE 'large' END;
CREATE OR REPLACE MACRO size_class_by_capital(amount_idr) AS
    CASE WHEN amount_idr <= 1000000000 THEN 'micro' WHEN amount_idr <= 5000000000 THEN 'small'
         WHEN amount_idr <= 10000000000 THEN 'medium' ELSE 'large' END;
