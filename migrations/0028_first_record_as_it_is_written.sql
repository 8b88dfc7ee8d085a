-- The record that a finding rests on first is known by its text as it stands in the finding, which need not be parsed.
UPDATE "case_findings" cf SET "about" = coalesce(nullif(split_part(left(f."records", -3), '"},{"', 1), ''), f."id")
FROM "findings" f WHERE f."tenant_id" = cf."tenant_id" AND f."id" = cf."finding_id";
