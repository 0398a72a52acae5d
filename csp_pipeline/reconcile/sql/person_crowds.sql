-- Person keys that too many records of one side share to be one person, among those that linking has to ask about.
SELECT person FROM asked_persons WHERE greatest(records_a, records_b) > {{ most_records }}
