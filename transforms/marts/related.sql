-- Grain: indicator and day from which a business counts.
-- Reads: register.businesses.
-- Why: the targets beside the main one that the exports can speak of: UMKM in the e-katalog, and micro businesses with a NIB.
SELECT 'umkm_ekatalog' AS indicator_code, counted_from_date AS from_date, count(*) AS business_count
FROM register.businesses
WHERE is_counted AND sells_on_ekatalog AND coalesce(enumerated_date, make_date(wave, 1, 1)) <= getvariable('as_of')
GROUP BY ALL
UNION ALL
SELECT 'umkm_formalised', coalesce(enumerated_date, make_date(wave, 1, 1)) AS from_date, count(*)
FROM register.businesses
WHERE is_counted AND has_nib AND size_class_code = 'micro' AND coalesce(enumerated_date, make_date(wave, 1, 1)) <= getvariable('as_of')
GROUP BY ALL
