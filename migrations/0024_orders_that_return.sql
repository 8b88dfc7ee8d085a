ALTER TABLE "acknowledgements" ADD COLUMN "told_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "announced_orders" ADD COLUMN "returned_at" timestamp with time zone;--> statement-breakpoint
UPDATE announced_orders o SET returned_at = e.at FROM (
	SELECT tenant_id, provider, subject, max(at) AS at FROM events WHERE subject_kind = 'order' AND type = 'order.created' GROUP BY 1, 2, 3) e
WHERE e.tenant_id = o.tenant_id AND e.provider = o.provider AND e.subject = o.no::text AND e.at > o.created_at;
