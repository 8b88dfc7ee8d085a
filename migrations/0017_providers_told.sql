CREATE TABLE "acknowledgements" (
	"tenant_id" text NOT NULL,
	"no" bigint GENERATED ALWAYS AS IDENTITY (sequence name "acknowledgements_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"provider" text NOT NULL,
	"source_no" smallint NOT NULL,
	"order_id" text NOT NULL,
	"change_no" bigint NOT NULL,
	"kind" text NOT NULL,
	"reason" text,
	"text" "bytea",
	"planned_start" date,
	"at" timestamp with time zone NOT NULL,
	"by" text NOT NULL,
	"by_name" text NOT NULL,
	CONSTRAINT "acknowledgements_in_order" PRIMARY KEY("tenant_id","no")
);
--> statement-breakpoint
CREATE TABLE "announced_absences" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"client_no" integer NOT NULL,
	"says" text NOT NULL,
	CONSTRAINT "announced_absences_one_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "announced_orders" (
	"tenant_id" text NOT NULL,
	"no" bigint GENERATED ALWAYS AS IDENTITY (sequence name "announced_orders_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"provider" text NOT NULL,
	"unit" text NOT NULL,
	"client" text NOT NULL,
	"client_no" integer NOT NULL,
	"status" text NOT NULL,
	"valid_from" date NOT NULL,
	"valid_to" date,
	"lines" text NOT NULL,
	"gone" text,
	"created_at" timestamp with time zone NOT NULL,
	"changed_at" timestamp with time zone NOT NULL,
	"change_no" bigint NOT NULL,
	CONSTRAINT "announced_orders_one_per_provider" PRIMARY KEY("tenant_id","source_no","id","provider"),
	CONSTRAINT "announced_orders_one_per_number" UNIQUE("tenant_id","no"),
	CONSTRAINT "announced_orders_one_per_change" UNIQUE("tenant_id","change_no")
);
--> statement-breakpoint
CREATE TABLE "announced_sources" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "announced_sources_once_each" PRIMARY KEY("tenant_id","source_no")
);
--> statement-breakpoint
CREATE TABLE "api_clients" (
	"tenant_id" text NOT NULL,
	"no" bigint GENERATED ALWAYS AS IDENTITY (sequence name "api_clients_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"id" text NOT NULL,
	"name" text NOT NULL,
	"provider" text NOT NULL,
	"units" text[],
	"scopes" text[] NOT NULL,
	"kind" text NOT NULL,
	"secret_hash" "bytea",
	"jwks" text,
	"created_at" timestamp with time zone NOT NULL,
	"created_by" text NOT NULL,
	"revoked_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "api_clients_one_per_number" PRIMARY KEY("tenant_id","no"),
	CONSTRAINT "api_clients_one_per_id" UNIQUE("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "endpoint_secrets" (
	"tenant_id" text NOT NULL,
	"no" bigint GENERATED ALWAYS AS IDENTITY (sequence name "endpoint_secrets_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"endpoint_no" bigint NOT NULL,
	"provider" text NOT NULL,
	"kind" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"public_key" text,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone,
	CONSTRAINT "endpoint_secrets_one_per_number" PRIMARY KEY("tenant_id","no")
);
--> statement-breakpoint
CREATE TABLE "endpoints" (
	"tenant_id" text NOT NULL,
	"no" bigint GENERATED ALWAYS AS IDENTITY (sequence name "endpoints_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"id" text NOT NULL,
	"provider" text NOT NULL,
	"url" text NOT NULL,
	"description" text NOT NULL,
	"types" text[],
	"units" text[],
	"ordered" boolean NOT NULL,
	"state" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"created_by" text NOT NULL,
	"verified_at" timestamp with time zone,
	"failing_since" timestamp with time zone,
	"noticed" smallint DEFAULT 0 NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"open_until" timestamp with time zone,
	"disabled_why" text,
	CONSTRAINT "endpoints_one_per_number" PRIMARY KEY("tenant_id","no"),
	CONSTRAINT "endpoints_one_per_id" UNIQUE("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "event_attempts" (
	"tenant_id" text NOT NULL,
	"no" bigint GENERATED ALWAYS AS IDENTITY (sequence name "event_attempts_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"endpoint_no" bigint NOT NULL,
	"event_no" bigint NOT NULL,
	"provider" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"status" integer,
	"ms" integer NOT NULL,
	"error" text,
	"answer" "bytea",
	CONSTRAINT "event_attempts_in_order" PRIMARY KEY("tenant_id","no")
);
--> statement-breakpoint
CREATE TABLE "event_deliveries" (
	"tenant_id" text NOT NULL,
	"endpoint_no" bigint NOT NULL,
	"event_no" bigint NOT NULL,
	"provider" text NOT NULL,
	"state" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_at" timestamp with time zone NOT NULL,
	"leased_until" timestamp with time zone,
	"since" timestamp with time zone NOT NULL,
	"finished_at" timestamp with time zone,
	"order_key" text,
	CONSTRAINT "event_deliveries_one_per_endpoint" PRIMARY KEY("tenant_id","endpoint_no","event_no")
);
--> statement-breakpoint
CREATE TABLE "events" (
	"tenant_id" text NOT NULL,
	"no" bigint GENERATED ALWAYS AS IDENTITY (sequence name "events_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"id" text NOT NULL,
	"type" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"provider" text NOT NULL,
	"units" text[] NOT NULL,
	"subject_kind" text NOT NULL,
	"subject" text NOT NULL,
	"changes" text[] NOT NULL,
	"order_key" text,
	"endpoint_no" bigint,
	"spread" boolean DEFAULT false NOT NULL,
	CONSTRAINT "events_in_order" PRIMARY KEY("tenant_id","no"),
	CONSTRAINT "events_one_per_id" UNIQUE("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "explanations" (
	"tenant_id" text NOT NULL,
	"no" bigint GENERATED ALWAYS AS IDENTITY (sequence name "explanations_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"case_no" text NOT NULL,
	"provider" text NOT NULL,
	"reason" text NOT NULL,
	"text" "bytea",
	"at" timestamp with time zone NOT NULL,
	"by" text NOT NULL,
	"by_name" text NOT NULL,
	CONSTRAINT "explanations_in_order" PRIMARY KEY("tenant_id","no")
);
--> statement-breakpoint
CREATE TABLE "mailboxes" (
	"tenant_id" text NOT NULL,
	"provider" text NOT NULL,
	"email" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"created_by" text NOT NULL,
	"told_no" bigint NOT NULL,
	"told_at" timestamp with time zone,
	CONSTRAINT "mailboxes_one_per_provider" PRIMARY KEY("tenant_id","provider")
);
--> statement-breakpoint
CREATE TABLE "touched" (
	"tenant_id" text NOT NULL,
	"seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "touched_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"entity" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "touched_in_order" PRIMARY KEY("tenant_id","seq")
);
--> statement-breakpoint
ALTER TABLE "endpoint_secrets" ADD CONSTRAINT "endpoint_secrets_belong_to_an_endpoint" FOREIGN KEY ("tenant_id","endpoint_no") REFERENCES "public"."endpoints"("tenant_id","no") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "event_attempts" ADD CONSTRAINT "event_attempts_belong_to_a_delivery" FOREIGN KEY ("tenant_id","endpoint_no","event_no") REFERENCES "public"."event_deliveries"("tenant_id","endpoint_no","event_no") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "event_deliveries" ADD CONSTRAINT "event_deliveries_belong_to_an_endpoint" FOREIGN KEY ("tenant_id","endpoint_no") REFERENCES "public"."endpoints"("tenant_id","no") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "event_deliveries" ADD CONSTRAINT "event_deliveries_carry_an_event" FOREIGN KEY ("tenant_id","event_no") REFERENCES "public"."events"("tenant_id","no") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "acknowledgements_by_order" ON "acknowledgements" USING btree ("tenant_id","source_no","order_id");--> statement-breakpoint
CREATE INDEX "announced_orders_by_client" ON "announced_orders" USING btree ("tenant_id","client_no");--> statement-breakpoint
CREATE INDEX "announced_orders_by_provider" ON "announced_orders" USING btree ("tenant_id","provider","change_no");--> statement-breakpoint
CREATE INDEX "api_clients_by_provider" ON "api_clients" USING btree ("tenant_id","provider");--> statement-breakpoint
CREATE INDEX "endpoint_secrets_by_endpoint" ON "endpoint_secrets" USING btree ("tenant_id","endpoint_no");--> statement-breakpoint
CREATE INDEX "endpoints_by_provider" ON "endpoints" USING btree ("tenant_id","provider");--> statement-breakpoint
CREATE INDEX "event_attempts_by_delivery" ON "event_attempts" USING btree ("tenant_id","endpoint_no","event_no");--> statement-breakpoint
CREATE INDEX "event_deliveries_due" ON "event_deliveries" USING btree ("tenant_id","endpoint_no","next_at") WHERE "event_deliveries"."state" = 'waiting';--> statement-breakpoint
CREATE INDEX "event_deliveries_in_order" ON "event_deliveries" USING btree ("tenant_id","endpoint_no","order_key","event_no") WHERE "event_deliveries"."state" = 'waiting' AND "event_deliveries"."order_key" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "events_by_time" ON "events" USING btree ("tenant_id","provider","at");--> statement-breakpoint
CREATE INDEX "events_to_spread" ON "events" USING btree ("tenant_id","no") WHERE NOT "events"."spread";--> statement-breakpoint
CREATE INDEX "explanations_by_case" ON "explanations" USING btree ("tenant_id","case_no");--> statement-breakpoint
SELECT klarsyn_protect(t) FROM unnest(ARRAY['endpoints', 'endpoint_secrets', 'touched', 'announced_sources', 'announced_orders', 'announced_absences', 'events', 'event_deliveries', 'event_attempts', 'mailboxes', 'acknowledgements', 'explanations', 'api_clients']::regclass[]) AS t;
