CREATE TABLE "order_reminders" (
	"tenant_id" text NOT NULL,
	"provider" text NOT NULL,
	"order_no" bigint NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"kind" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "order_reminders_once_each" PRIMARY KEY("tenant_id","order_no","since","kind")
);
--> statement-breakpoint
ALTER TABLE "order_reminders" ADD CONSTRAINT "order_reminders_are_of_an_order" FOREIGN KEY ("tenant_id","order_no") REFERENCES "public"."announced_orders"("tenant_id","no") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "announced_orders_sent" ON "announced_orders" USING btree ("tenant_id") WHERE "announced_orders"."gone" IS NULL AND "announced_orders"."status" = 'sent';--> statement-breakpoint
CREATE INDEX "events_by_subject" ON "events" USING btree ("tenant_id","subject_kind","subject");--> statement-breakpoint
SELECT klarsyn_protect('order_reminders');