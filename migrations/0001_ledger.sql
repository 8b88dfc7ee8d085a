CREATE TABLE "aliases" (
	"tenant_id" text NOT NULL,
	"no" bigint GENERATED ALWAYS AS IDENTITY (sequence name "aliases_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text NOT NULL,
	"source" text NOT NULL,
	"id" text NOT NULL,
	"same_as_source" text NOT NULL,
	"same_as_id" text NOT NULL,
	"valid_from" date,
	"valid_to" date,
	"evidence" text NOT NULL,
	"who" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"undone_at" timestamp with time zone,
	"undone_by" text,
	CONSTRAINT "aliases_in_order" PRIMARY KEY("tenant_id","no"),
	CONSTRAINT "aliases_one_decision_per_period" UNIQUE NULLS NOT DISTINCT("tenant_id","kind","source","id","same_as_source","same_as_id","valid_from","undone_at")
);
--> statement-breakpoint
CREATE TABLE "complete_groups" (
	"tenant_id" text NOT NULL,
	"entity" text NOT NULL,
	"source_no" smallint NOT NULL,
	"parent" text NOT NULL,
	"version" double precision,
	"raw_page" bigint NOT NULL,
	"raw_index" integer NOT NULL,
	CONSTRAINT "complete_groups_one_per_parent" PRIMARY KEY("tenant_id","entity","source_no","parent")
);
--> statement-breakpoint
CREATE TABLE "cursors" (
	"tenant_id" text NOT NULL,
	"source" text NOT NULL,
	"resource" text NOT NULL,
	"cursor" text,
	"pages" bigint NOT NULL,
	"last_page" bigint,
	"records_at" timestamp with time zone,
	"compared_at" timestamp with time zone,
	CONSTRAINT "cursors_one_per_resource" PRIMARY KEY("tenant_id","source","resource")
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"tenant_id" text NOT NULL,
	"source" text NOT NULL,
	"resource" text NOT NULL,
	"hash" text NOT NULL,
	"place" text NOT NULL,
	"first_at" timestamp with time zone NOT NULL,
	"last_at" timestamp with time zone NOT NULL,
	"times" integer NOT NULL,
	CONSTRAINT "deliveries_one_per_content" PRIMARY KEY("tenant_id","source","resource","hash")
);
--> statement-breakpoint
CREATE TABLE "dirty" (
	"tenant_id" text NOT NULL,
	"seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "dirty_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" smallint NOT NULL,
	"ref" integer,
	"day" date,
	CONSTRAINT "dirty_in_order" PRIMARY KEY("tenant_id","seq")
);
--> statement-breakpoint
CREATE TABLE "mapping_versions" (
	"tenant_id" text NOT NULL,
	"source" text NOT NULL,
	"resource" text NOT NULL,
	"version" integer NOT NULL,
	"hash" text NOT NULL,
	"used_at" timestamp with time zone NOT NULL,
	CONSTRAINT "mapping_versions_one_per_content" PRIMARY KEY("tenant_id","source","resource","version","hash")
);
--> statement-breakpoint
CREATE TABLE "mapping_warnings" (
	"tenant_id" text NOT NULL,
	"entity" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"code" text NOT NULL,
	"field" text NOT NULL,
	"code_table" text NOT NULL,
	"value" text NOT NULL,
	CONSTRAINT "mapping_warnings_once_per_record" PRIMARY KEY("tenant_id","entity","source_no","id","code","field","code_table","value")
);
--> statement-breakpoint
CREATE TABLE "quarantine" (
	"tenant_id" text NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "quarantine_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"source" text NOT NULL,
	"resource" text NOT NULL,
	"state" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"changed_at" timestamp with time zone NOT NULL,
	"raw_page" bigint,
	"raw_index" integer,
	"place" text NOT NULL,
	"line" integer,
	"field" text,
	"value_class" text,
	"rule" text NOT NULL,
	"code" text NOT NULL,
	"text" "bytea",
	"attempts" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "quarantine_in_order" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "raw_pages" (
	"tenant_id" text NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "raw_pages_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"source" text NOT NULL,
	"resource" text NOT NULL,
	"run" bigint NOT NULL,
	"seq" integer NOT NULL,
	"place" text NOT NULL,
	"delivery" text,
	"received_at" timestamp with time zone NOT NULL,
	"count" integer NOT NULL,
	"content_hash" "bytea" NOT NULL,
	"codec" smallint NOT NULL,
	"bytes" "bytea" NOT NULL,
	"normalised_at" timestamp with time zone,
	"mapping_version" integer,
	"mapping_hash" text,
	CONSTRAINT "raw_pages_in_order_of_arrival" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "record_times" (
	"tenant_id" text NOT NULL,
	"source" text NOT NULL,
	"resource" text NOT NULL,
	"entity" text NOT NULL,
	"newest_at" timestamp with time zone NOT NULL,
	"ahead_ms" double precision NOT NULL,
	"ahead_id" text,
	CONSTRAINT "record_times_one_per_entity" PRIMARY KEY("tenant_id","source","resource","entity")
);
--> statement-breakpoint
CREATE TABLE "source_hours" (
	"tenant_id" text NOT NULL,
	"source" text NOT NULL,
	"resource" text NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"pages" integer NOT NULL,
	"records" integer NOT NULL,
	CONSTRAINT "source_hours_one_per_hour" PRIMARY KEY("tenant_id","source","resource","hour")
);
--> statement-breakpoint
CREATE TABLE "source_runs" (
	"tenant_id" text NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "source_runs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"source" text NOT NULL,
	"resource" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"finished_at" timestamp with time zone,
	"state" text,
	"seen" integer DEFAULT 0 NOT NULL,
	"accepted" integer DEFAULT 0 NOT NULL,
	"quarantined" integer DEFAULT 0 NOT NULL,
	"watermark" text,
	"problem" text,
	"notices" text,
	CONSTRAINT "source_runs_in_order" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "unexpected_fields" (
	"tenant_id" text NOT NULL,
	"source" text NOT NULL,
	"resource" text NOT NULL,
	"field" text NOT NULL,
	"first_at" timestamp with time zone NOT NULL,
	"last_at" timestamp with time zone NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "unexpected_fields_one_per_name" PRIMARY KEY("tenant_id","source","resource","field")
);
--> statement-breakpoint
CREATE TABLE "version_conflicts" (
	"tenant_id" text NOT NULL,
	"entity" text NOT NULL,
	"source_no" smallint NOT NULL,
	"id" text NOT NULL,
	"version" double precision NOT NULL,
	CONSTRAINT "version_conflicts_one_per_version" PRIMARY KEY("tenant_id","entity","source_no","id","version")
);
--> statement-breakpoint
CREATE UNIQUE INDEX "quarantine_one_per_record" ON "quarantine" USING btree ("tenant_id","raw_page","raw_index") WHERE "quarantine"."raw_index" is not null;--> statement-breakpoint
CREATE INDEX "quarantine_open" ON "quarantine" USING btree ("tenant_id","source","id") WHERE "quarantine"."state" = 'open';--> statement-breakpoint
CREATE INDEX "raw_pages_by_resource" ON "raw_pages" USING btree ("tenant_id","source","resource","id");--> statement-breakpoint
CREATE INDEX "raw_pages_by_delivery" ON "raw_pages" USING btree ("tenant_id","delivery") WHERE "raw_pages"."delivery" is not null;--> statement-breakpoint
CREATE INDEX "raw_pages_waiting" ON "raw_pages" USING btree ("tenant_id","id") WHERE "raw_pages"."normalised_at" is null;--> statement-breakpoint
CREATE INDEX "source_runs_by_resource" ON "source_runs" USING btree ("tenant_id","source","resource","id");