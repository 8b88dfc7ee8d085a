CREATE TABLE "access_log" (
	"no" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "access_log_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant_id" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"actor" text NOT NULL,
	"operation" text NOT NULL,
	"subject" text NOT NULL,
	"rows" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "absences" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"client_id" integer,
	"from" timestamp with time zone,
	"to" timestamp with time zone,
	"kind" smallint,
	"planned" boolean,
	"notified_at" timestamp with time zone,
	CONSTRAINT "absences_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "absences_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"client_id" integer,
	"from" timestamp with time zone,
	"to" timestamp with time zone,
	"kind" smallint,
	"planned" boolean,
	"notified_at" timestamp with time zone,
	CONSTRAINT "absences_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "claims" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"invoice_id" text,
	"provider_id" integer,
	"unit_id" integer,
	"client_id" integer,
	"order_id" integer,
	"service" integer,
	"from" date,
	"to" date,
	"minutes" integer,
	"quantity" double precision,
	"unit" smallint,
	"unit_price_ore" integer,
	"amount_ore" integer,
	"kind" smallint,
	"corrects_id" text,
	"band" text,
	"staffing" integer,
	CONSTRAINT "claims_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "claims_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"invoice_id" text,
	"provider_id" integer,
	"unit_id" integer,
	"client_id" integer,
	"order_id" integer,
	"service" integer,
	"from" date,
	"to" date,
	"minutes" integer,
	"quantity" double precision,
	"unit" smallint,
	"unit_price_ore" integer,
	"amount_ore" integer,
	"kind" smallint,
	"corrects_id" text,
	"band" text,
	"staffing" integer,
	CONSTRAINT "claims_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "clients" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"personal_identity_number_encrypted" "bytea",
	"personal_identity_number_hash" "bytea",
	"name" "bytea",
	"birth_date" date,
	"deceased_on" date,
	"moved_on" date,
	"protection" smallint,
	"household_id" integer,
	"addresses" text,
	CONSTRAINT "clients_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "clients_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"personal_identity_number_encrypted" "bytea",
	"personal_identity_number_hash" "bytea",
	"name" "bytea",
	"birth_date" date,
	"deceased_on" date,
	"moved_on" date,
	"protection" smallint,
	"household_id" integer,
	"addresses" text,
	CONSTRAINT "clients_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "contracts" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"provider_id" integer,
	"unit_ids" text,
	"services" integer,
	"reference" text,
	"valid_from" date,
	"valid_to" date,
	"terms" text,
	CONSTRAINT "contracts_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "contracts_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"provider_id" integer,
	"unit_ids" text,
	"services" integer,
	"reference" text,
	"valid_from" date,
	"valid_to" date,
	"terms" text,
	CONSTRAINT "contracts_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "decisions" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"client_id" integer,
	"decided_on" date,
	"law" text,
	"valid_from" date,
	"valid_to" date,
	"service" integer,
	"granted_minutes_per_month" integer,
	CONSTRAINT "decisions_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "decisions_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"client_id" integer,
	"decided_on" date,
	"law" text,
	"valid_from" date,
	"valid_to" date,
	"service" integer,
	"granted_minutes_per_month" integer,
	CONSTRAINT "decisions_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "deviations" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"day" date,
	"client_id" integer,
	"unit_id" integer,
	"kind" text,
	"occurred_at" timestamp with time zone,
	"reported_at" timestamp with time zone,
	CONSTRAINT "deviations_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "deviations_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"day" date,
	"client_id" integer,
	"unit_id" integer,
	"kind" text,
	"occurred_at" timestamp with time zone,
	"reported_at" timestamp with time zone,
	CONSTRAINT "deviations_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "lock_events" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"day" date,
	"lock_id" integer,
	"client_id" integer,
	"staff_id" integer,
	"at" timestamp with time zone,
	"event" smallint,
	"device_id" integer,
	CONSTRAINT "lock_events_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "lock_events_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"day" date,
	"lock_id" integer,
	"client_id" integer,
	"staff_id" integer,
	"at" timestamp with time zone,
	"event" smallint,
	"device_id" integer,
	CONSTRAINT "lock_events_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "meals" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"client_id" integer,
	"unit_id" integer,
	"from" date,
	"to" date,
	"kind" text,
	"quantity" double precision,
	CONSTRAINT "meals_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "meals_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"client_id" integer,
	"unit_id" integer,
	"from" date,
	"to" date,
	"kind" text,
	"quantity" double precision,
	CONSTRAINT "meals_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "order_lines" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"order_id" integer,
	"service" integer,
	"minutes" double precision,
	"times" double precision,
	"per" smallint,
	"weekdays" text,
	"part_of_day" smallint,
	"staffing" integer,
	"valid_from" date,
	"valid_to" date,
	CONSTRAINT "order_lines_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "order_lines_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"order_id" integer,
	"service" integer,
	"minutes" double precision,
	"times" double precision,
	"per" smallint,
	"weekdays" text,
	"part_of_day" smallint,
	"staffing" integer,
	"valid_from" date,
	"valid_to" date,
	CONSTRAINT "order_lines_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "orders" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"client_id" integer,
	"unit_id" integer,
	"decision_id" integer,
	"status" smallint,
	"ordered_at" timestamp with time zone,
	"accepted_at" timestamp with time zone,
	"valid_from" date,
	"valid_to" date,
	CONSTRAINT "orders_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "orders_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"client_id" integer,
	"unit_id" integer,
	"decision_id" integer,
	"status" smallint,
	"ordered_at" timestamp with time zone,
	"accepted_at" timestamp with time zone,
	"valid_from" date,
	"valid_to" date,
	CONSTRAINT "orders_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "planned_visits" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"day" date,
	"client_id" integer,
	"unit_id" integer,
	"staff_id" integer,
	"start" timestamp with time zone,
	"end" timestamp with time zone,
	"services" integer,
	"order_id" integer,
	"travel_minutes" integer,
	"transport" smallint,
	"cancelled" boolean,
	"modified_at" timestamp with time zone,
	CONSTRAINT "planned_visits_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "planned_visits_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"day" date,
	"client_id" integer,
	"unit_id" integer,
	"staff_id" integer,
	"start" timestamp with time zone,
	"end" timestamp with time zone,
	"services" integer,
	"order_id" integer,
	"travel_minutes" integer,
	"transport" smallint,
	"cancelled" boolean,
	"modified_at" timestamp with time zone,
	CONSTRAINT "planned_visits_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "providers" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"organisation_number" text,
	"name" text,
	"regime" smallint,
	"permit_from" date,
	"permit_to" date,
	CONSTRAINT "providers_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "providers_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"organisation_number" text,
	"name" text,
	"regime" smallint,
	"permit_from" date,
	"permit_to" date,
	CONSTRAINT "providers_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "service_plans" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"client_id" integer,
	"unit_id" integer,
	"established_on" date,
	"follow_up_on" date,
	"client_participated" boolean,
	CONSTRAINT "service_plans_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "service_plans_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"client_id" integer,
	"unit_id" integer,
	"established_on" date,
	"follow_up_on" date,
	"client_participated" boolean,
	CONSTRAINT "service_plans_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "services" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"code" text,
	"name" text,
	"kind" smallint,
	"law" text,
	"price_group" text,
	"away" boolean,
	CONSTRAINT "services_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "services_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"code" text,
	"name" text,
	"kind" smallint,
	"law" text,
	"price_group" text,
	"away" boolean,
	CONSTRAINT "services_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "shifts" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"day" date,
	"staff_id" integer,
	"start" timestamp with time zone,
	"end" timestamp with time zone,
	"break_minutes" integer,
	"kind" smallint,
	CONSTRAINT "shifts_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "shifts_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"day" date,
	"staff_id" integer,
	"start" timestamp with time zone,
	"end" timestamp with time zone,
	"break_minutes" integer,
	"kind" smallint,
	CONSTRAINT "shifts_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "staff" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"provider_id" integer,
	"unit_id" integer,
	"personal_identity_number_encrypted" "bytea",
	"personal_identity_number_hash" "bytea",
	"hsa_id" text,
	"name" "bytea",
	"employed_from" date,
	"employed_to" date,
	"address_building_id" integer,
	CONSTRAINT "staff_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "staff_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"provider_id" integer,
	"unit_id" integer,
	"personal_identity_number_encrypted" "bytea",
	"personal_identity_number_hash" "bytea",
	"hsa_id" text,
	"name" "bytea",
	"employed_from" date,
	"employed_to" date,
	"address_building_id" integer,
	CONSTRAINT "staff_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "tags" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"client_id" integer,
	"from" date,
	"to" date,
	CONSTRAINT "tags_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "tags_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"client_id" integer,
	"from" date,
	"to" date,
	CONSTRAINT "tags_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "units" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"provider_id" integer,
	"name" text,
	"hsa_id" text,
	CONSTRAINT "units_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "units_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"provider_id" integer,
	"name" text,
	"hsa_id" text,
	CONSTRAINT "units_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "visits" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"day" date,
	"client_id" integer,
	"unit_id" integer,
	"staff_id" integer,
	"law" smallint,
	"order_id" integer,
	"start" timestamp with time zone,
	"end" timestamp with time zone,
	"status" smallint,
	"services" integer,
	"planned_visit_id" text,
	"original_start" timestamp with time zone,
	"original_end" timestamp with time zone,
	"received_at" timestamp with time zone,
	"edited_at" timestamp with time zone,
	"edited_by" integer,
	"edit_reason" text,
	"start_proof" smallint,
	"end_proof" smallint,
	"start_tag" integer,
	"end_tag" integer,
	"device_id" integer,
	"start_latitude" double precision,
	"start_longitude" double precision,
	"start_accuracy_metres" double precision,
	"end_latitude" double precision,
	"end_longitude" double precision,
	"double_staffing" boolean,
	"group_code" text,
	"declined_reason" text,
	"declined_notified_at" timestamp with time zone,
	"approved_by_staff" boolean,
	"approved_by_manager" boolean,
	CONSTRAINT "visits_one_head_per_record" PRIMARY KEY("tenant_id","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "visits_history" (
	"tenant_id" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision,
	"deleted" boolean NOT NULL,
	"parent" text,
	"content_hash" "bytea" NOT NULL,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	"mapping_version" integer NOT NULL,
	"day" date,
	"client_id" integer,
	"unit_id" integer,
	"staff_id" integer,
	"law" smallint,
	"order_id" integer,
	"start" timestamp with time zone,
	"end" timestamp with time zone,
	"status" smallint,
	"services" integer,
	"planned_visit_id" text,
	"original_start" timestamp with time zone,
	"original_end" timestamp with time zone,
	"received_at" timestamp with time zone,
	"edited_at" timestamp with time zone,
	"edited_by" integer,
	"edit_reason" text,
	"start_proof" smallint,
	"end_proof" smallint,
	"start_tag" integer,
	"end_tag" integer,
	"device_id" integer,
	"start_latitude" double precision,
	"start_longitude" double precision,
	"start_accuracy_metres" double precision,
	"end_latitude" double precision,
	"end_longitude" double precision,
	"double_staffing" boolean,
	"group_code" text,
	"declined_reason" text,
	"declined_notified_at" timestamp with time zone,
	"approved_by_staff" boolean,
	"approved_by_manager" boolean,
	CONSTRAINT "visits_history_one_row_per_version" PRIMARY KEY("tenant_id","source_no","id","raw_page","raw_index")
);
--> statement-breakpoint
CREATE TABLE "findings" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"rule_id" text NOT NULL,
	"rule_version" integer NOT NULL,
	"level" text NOT NULL,
	"severity" text NOT NULL,
	"mode" text NOT NULL,
	"status" text NOT NULL,
	"suppressed" text,
	"subject" text NOT NULL,
	"slice" text NOT NULL,
	"from_day" date NOT NULL,
	"through_day" date NOT NULL,
	"provider" text,
	"unit" text,
	"client" text,
	"staff" text,
	"records" text NOT NULL,
	"minutes" integer,
	"amount_ore" bigint,
	"reason" text NOT NULL,
	"evidence" text NOT NULL,
	"content_hash" "bytea" NOT NULL,
	"changes" integer NOT NULL,
	"first_seen_at" timestamp with time zone NOT NULL,
	"last_seen_at" timestamp with time zone NOT NULL,
	"changed_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone,
	"closed_as" text,
	CONSTRAINT "findings_one_per_subject_and_period" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "rule_outcomes" (
	"tenant_id" text NOT NULL,
	"slice" text NOT NULL,
	"rule_id" text NOT NULL,
	"outcome" text NOT NULL,
	"cause" text NOT NULL,
	"count" integer NOT NULL,
	CONSTRAINT "rule_outcomes_one_count_per_cause" PRIMARY KEY("tenant_id","slice","rule_id","outcome","cause")
);
--> statement-breakpoint
CREATE TABLE "nights" (
	"no" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "nights_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant_id" text NOT NULL,
	"kind" text NOT NULL,
	"day" date NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"outcome" text,
	"summary" text
);
--> statement-breakpoint
CREATE TABLE "refs" (
	"tenant_id" text NOT NULL,
	"no" integer NOT NULL,
	"kind" smallint NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	CONSTRAINT "refs_one_number_per_ref" PRIMARY KEY("tenant_id","no"),
	CONSTRAINT "refs_one_ref_per_id" UNIQUE("tenant_id","kind","source_no","id")
);
--> statement-breakpoint
CREATE TABLE "sources_known" (
	"tenant_id" text NOT NULL,
	"no" smallint NOT NULL,
	"id" text NOT NULL,
	CONSTRAINT "sources_known_one_number_per_source" PRIMARY KEY("tenant_id","no"),
	CONSTRAINT "sources_known_one_source_per_id" UNIQUE("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "exceptions" (
	"no" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "exceptions_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant_id" text NOT NULL,
	"rule_id" text NOT NULL,
	"subject" text NOT NULL,
	"from_day" date NOT NULL,
	"through_day" date NOT NULL,
	"reason" text NOT NULL,
	"set_at" timestamp with time zone NOT NULL,
	"set_by" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "rule_parameters" (
	"no" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "rule_parameters_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant_id" text NOT NULL,
	"rule_id" text NOT NULL,
	"name" text NOT NULL,
	"value" text NOT NULL,
	"from_day" date NOT NULL,
	"set_at" timestamp with time zone NOT NULL,
	"set_by" text NOT NULL,
	"why" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "settlement_lines" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"slice" text NOT NULL,
	"month" text NOT NULL,
	"provider" text,
	"unit" text,
	"client" text,
	"service" text,
	"order" text,
	"line" text,
	"contract" text,
	"granted_minutes" integer NOT NULL,
	"planned_minutes" integer NOT NULL,
	"registered_minutes" integer NOT NULL,
	"payable_minutes" integer NOT NULL,
	"declined_minutes" integer NOT NULL,
	"no_answer_minutes" integer NOT NULL,
	"absent_minutes" integer NOT NULL,
	"missed_minutes" integer NOT NULL,
	"claimed_minutes" integer NOT NULL,
	"under_delivered_minutes" integer NOT NULL,
	"payable_ore" bigint NOT NULL,
	"claimed_ore" bigint NOT NULL,
	"overbilled_ore" bigint NOT NULL,
	"unbilled_ore" bigint NOT NULL,
	"codes" text NOT NULL,
	"trace" text NOT NULL,
	"content_hash" "bytea" NOT NULL,
	"changed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "settlement_lines_one_per_line_and_month" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE INDEX "access_log_by_time" ON "access_log" USING btree ("tenant_id","at");--> statement-breakpoint
CREATE INDEX "access_log_by_subject" ON "access_log" USING btree ("tenant_id","subject");--> statement-breakpoint
CREATE INDEX "absences_by_parent" ON "absences" USING btree ("tenant_id","source_no","parent") WHERE "absences"."parent" is not null;--> statement-breakpoint
CREATE INDEX "claims_by_parent" ON "claims" USING btree ("tenant_id","source_no","parent") WHERE "claims"."parent" is not null;--> statement-breakpoint
CREATE INDEX "clients_by_parent" ON "clients" USING btree ("tenant_id","source_no","parent") WHERE "clients"."parent" is not null;--> statement-breakpoint
CREATE INDEX "contracts_by_parent" ON "contracts" USING btree ("tenant_id","source_no","parent") WHERE "contracts"."parent" is not null;--> statement-breakpoint
CREATE INDEX "decisions_by_parent" ON "decisions" USING btree ("tenant_id","source_no","parent") WHERE "decisions"."parent" is not null;--> statement-breakpoint
CREATE INDEX "deviations_by_parent" ON "deviations" USING btree ("tenant_id","source_no","parent") WHERE "deviations"."parent" is not null;--> statement-breakpoint
CREATE INDEX "deviations_by_day" ON "deviations" USING btree ("tenant_id","day");--> statement-breakpoint
CREATE INDEX "deviations_history_by_day" ON "deviations_history" USING btree ("tenant_id","day");--> statement-breakpoint
CREATE INDEX "lock_events_by_parent" ON "lock_events" USING btree ("tenant_id","source_no","parent") WHERE "lock_events"."parent" is not null;--> statement-breakpoint
CREATE INDEX "lock_events_by_day" ON "lock_events" USING btree ("tenant_id","day");--> statement-breakpoint
CREATE INDEX "lock_events_history_by_day" ON "lock_events_history" USING btree ("tenant_id","day");--> statement-breakpoint
CREATE INDEX "meals_by_parent" ON "meals" USING btree ("tenant_id","source_no","parent") WHERE "meals"."parent" is not null;--> statement-breakpoint
CREATE INDEX "order_lines_by_parent" ON "order_lines" USING btree ("tenant_id","source_no","parent") WHERE "order_lines"."parent" is not null;--> statement-breakpoint
CREATE INDEX "orders_by_parent" ON "orders" USING btree ("tenant_id","source_no","parent") WHERE "orders"."parent" is not null;--> statement-breakpoint
CREATE INDEX "planned_visits_by_parent" ON "planned_visits" USING btree ("tenant_id","source_no","parent") WHERE "planned_visits"."parent" is not null;--> statement-breakpoint
CREATE INDEX "planned_visits_by_day" ON "planned_visits" USING btree ("tenant_id","day");--> statement-breakpoint
CREATE INDEX "planned_visits_history_by_day" ON "planned_visits_history" USING btree ("tenant_id","day");--> statement-breakpoint
CREATE INDEX "providers_by_parent" ON "providers" USING btree ("tenant_id","source_no","parent") WHERE "providers"."parent" is not null;--> statement-breakpoint
CREATE INDEX "service_plans_by_parent" ON "service_plans" USING btree ("tenant_id","source_no","parent") WHERE "service_plans"."parent" is not null;--> statement-breakpoint
CREATE INDEX "services_by_parent" ON "services" USING btree ("tenant_id","source_no","parent") WHERE "services"."parent" is not null;--> statement-breakpoint
CREATE INDEX "shifts_by_parent" ON "shifts" USING btree ("tenant_id","source_no","parent") WHERE "shifts"."parent" is not null;--> statement-breakpoint
CREATE INDEX "shifts_by_day" ON "shifts" USING btree ("tenant_id","day");--> statement-breakpoint
CREATE INDEX "shifts_history_by_day" ON "shifts_history" USING btree ("tenant_id","day");--> statement-breakpoint
CREATE INDEX "staff_by_parent" ON "staff" USING btree ("tenant_id","source_no","parent") WHERE "staff"."parent" is not null;--> statement-breakpoint
CREATE INDEX "tags_by_parent" ON "tags" USING btree ("tenant_id","source_no","parent") WHERE "tags"."parent" is not null;--> statement-breakpoint
CREATE INDEX "units_by_parent" ON "units" USING btree ("tenant_id","source_no","parent") WHERE "units"."parent" is not null;--> statement-breakpoint
CREATE INDEX "visits_by_parent" ON "visits" USING btree ("tenant_id","source_no","parent") WHERE "visits"."parent" is not null;--> statement-breakpoint
CREATE INDEX "visits_by_day" ON "visits" USING btree ("tenant_id","day");--> statement-breakpoint
CREATE INDEX "visits_history_by_day" ON "visits_history" USING btree ("tenant_id","day");--> statement-breakpoint
CREATE INDEX "findings_by_rule" ON "findings" USING btree ("tenant_id","rule_id","from_day");--> statement-breakpoint
CREATE INDEX "findings_by_slice" ON "findings" USING btree ("tenant_id","slice");--> statement-breakpoint
CREATE INDEX "nights_by_start" ON "nights" USING btree ("tenant_id","started_at");--> statement-breakpoint
CREATE INDEX "exceptions_by_rule" ON "exceptions" USING btree ("tenant_id","rule_id","subject");--> statement-breakpoint
CREATE INDEX "rule_parameters_by_rule" ON "rule_parameters" USING btree ("tenant_id","rule_id");--> statement-breakpoint
CREATE INDEX "settlement_lines_by_month" ON "settlement_lines" USING btree ("tenant_id","month","id");--> statement-breakpoint
CREATE INDEX "settlement_lines_by_slice" ON "settlement_lines" USING btree ("tenant_id","slice");