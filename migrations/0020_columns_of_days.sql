CREATE TABLE "day_blocks" (
	"tenant_id" text NOT NULL,
	"entity" text NOT NULL,
	"day" date NOT NULL,
	"column" text NOT NULL,
	"rows" integer NOT NULL,
	"layout" text NOT NULL,
	"data" "bytea" NOT NULL,
	CONSTRAINT "day_blocks_one_per_column" PRIMARY KEY("tenant_id","entity","day","column")
);
--> statement-breakpoint
CREATE TABLE "day_changes" (
	"no" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "day_changes_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant_id" text NOT NULL,
	"entity" text NOT NULL,
	"day" date NOT NULL
);
--> statement-breakpoint
CREATE INDEX "day_changes_by_day" ON "day_changes" USING btree ("tenant_id","entity","day");
--> statement-breakpoint
-- Read whole, and never searched: to compress them costs more than it saves.
ALTER TABLE day_blocks ALTER COLUMN data SET STORAGE EXTERNAL;
--> statement-breakpoint
-- Whoever may not see all of a tenant reads the rows, which row-level security holds to what he may see.
ALTER TABLE day_blocks ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY within_scope ON day_blocks TO klarsyn_app USING (tenant_id = (SELECT current_setting('klarsyn.tenant', true)) AND (SELECT klarsyn_all()));
--> statement-breakpoint
ALTER TABLE day_changes ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY within_scope ON day_changes TO klarsyn_app USING (tenant_id = (SELECT current_setting('klarsyn.tenant', true)) AND (SELECT klarsyn_all()));
--> statement-breakpoint
CREATE FUNCTION klarsyn_day_came() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
	INSERT INTO day_changes (tenant_id, entity, day) SELECT DISTINCT tenant_id, TG_ARGV[0], day FROM came WHERE day IS NOT NULL;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION klarsyn_day_went() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
	INSERT INTO day_changes (tenant_id, entity, day) SELECT DISTINCT tenant_id, TG_ARGV[0], day FROM went WHERE day IS NOT NULL;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION klarsyn_day_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
	INSERT INTO day_changes (tenant_id, entity, day)
	SELECT tenant_id, TG_ARGV[0], day FROM (SELECT tenant_id, day FROM came UNION SELECT tenant_id, day FROM went) m WHERE day IS NOT NULL;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION klarsyn_days_went() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
	DELETE FROM day_blocks WHERE entity = TG_ARGV[0];
	RETURN NULL;
END $$;
--> statement-breakpoint
DO $do$
DECLARE
	name text;
	entity text;
BEGIN
	FOREACH name IN ARRAY ARRAY['visits', 'planned_visits', 'shifts', 'lock_events'] LOOP
		entity := replace(name, '_', '-');
		EXECUTE format('CREATE TRIGGER day_came AFTER INSERT ON %I REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION klarsyn_day_came(%L)', name, entity);
		EXECUTE format('CREATE TRIGGER day_went AFTER DELETE ON %I REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION klarsyn_day_went(%L)', name, entity);
		EXECUTE format('CREATE TRIGGER day_changed AFTER UPDATE ON %I REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION klarsyn_day_changed(%L)', name, entity);
		EXECUTE format('CREATE TRIGGER days_went AFTER TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION klarsyn_days_went(%L)', name, entity);
		EXECUTE format('INSERT INTO day_changes (tenant_id, entity, day) SELECT DISTINCT tenant_id, %L, day FROM %I WHERE day IS NOT NULL', entity, name);
	END LOOP;
END $do$;
