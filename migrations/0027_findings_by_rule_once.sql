-- The index of findings that stand begins with the same columns; a rule's closed ones are only listed on request, in order of id.
DROP INDEX "findings_by_rule";
