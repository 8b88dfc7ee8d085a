CREATE TABLE "alias_lists" (
	"tenant_id" text PRIMARY KEY NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"content" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "email" text;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "reminded_on" date;--> statement-breakpoint
CREATE INDEX "findings_standing" ON "findings" USING btree ("tenant_id","rule_id","from_day","mode","held","status","level","minutes","amount_ore","provider","unit","client") WHERE status <> 'closed';--> statement-breakpoint
CREATE INDEX "findings_held" ON "findings" USING btree ("tenant_id","rule_id") WHERE held;--> statement-breakpoint
SELECT klarsyn_protect('alias_lists');
