-- Files that were refused whole, and why.
SELECT agency || '/' || feed AS feed, file, message FROM submissions WHERE is_open ORDER BY ALL
