-- Which figures of 2016-17 rest on files with rejected rows? Every figure of these feeds may lack up to as many.
SELECT agency, feed, sum(rows_read) AS rows_read, sum(rows_rejected) AS rows_rejected
FROM current_submissions
WHERE covered_from <= DATE '2017-03-31' AND covered_until >= DATE '2016-04-01'
GROUP BY ALL
HAVING sum(rows_rejected) > 0
ORDER BY rows_rejected DESC, agency, feed;
