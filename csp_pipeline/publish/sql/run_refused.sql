-- Files that were refused whole, and why.
SELECT agency, feed, file, message FROM submissions WHERE outcome = 'refused' ORDER BY ALL
