ALTER TABLE "endpoints" ADD COLUMN "failed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "endpoints" ADD COLUMN "asked_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "test" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "event_deliveries_by_event" ON "event_deliveries" USING btree ("tenant_id","event_no");