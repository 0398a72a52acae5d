-- What is counted as violence with injury, by which feed, and how?
SELECT title, definition, agency, feed, way, counts, date_basis, area_basis, condition
FROM measures WHERE measure = 'violence_with_injury';
