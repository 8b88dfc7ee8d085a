CREATE TABLE "finding_sums" (
	"no" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "finding_sums_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant_id" text NOT NULL,
	"rule_id" text NOT NULL,
	"level" text NOT NULL,
	"status" text NOT NULL,
	"week" date NOT NULL,
	"provider" text,
	"unit" text,
	"findings" integer NOT NULL,
	"timed" integer NOT NULL,
	"minutes" bigint NOT NULL,
	"priced" integer NOT NULL,
	"amount_ore" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "settlement_sums" (
	"no" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "settlement_sums_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant_id" text NOT NULL,
	"month" text NOT NULL,
	"provider" text,
	"unit" text,
	"lines" integer NOT NULL,
	"granted_minutes" bigint NOT NULL,
	"planned_minutes" bigint NOT NULL,
	"registered_minutes" bigint NOT NULL,
	"payable_minutes" bigint NOT NULL,
	"claimed_minutes" bigint NOT NULL,
	"payable_ore" bigint NOT NULL,
	"claimed_ore" bigint NOT NULL,
	"overbilled_ore" bigint NOT NULL,
	"unbilled_ore" bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX "finding_sums_by_tenant" ON "finding_sums" USING btree ("tenant_id");--> statement-breakpoint
CREATE INDEX "settlement_sums_by_month" ON "settlement_sums" USING btree ("tenant_id","month");--> statement-breakpoint
CREATE INDEX "settlement_lines_by_provider" ON "settlement_lines" USING btree ("tenant_id","month","provider","client" COLLATE "C","service" COLLATE "C","line" COLLATE "C","order","unit");
--> statement-breakpoint
-- Sums do not tell in which areas the clients live: for who sees some areas only, what they are made of is added up.
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['finding_sums', 'settlement_sums'] LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
		EXECUTE format('CREATE POLICY within_scope ON %I TO klarsyn_app USING (tenant_id = (SELECT current_setting(''klarsyn.tenant'', true))
			AND (SELECT klarsyn_scope(''groups'')) IS NULL
			AND ((SELECT klarsyn_scope(''providers'')) IS NULL OR provider = ANY ((SELECT klarsyn_scope(''providers''))::text[]))
			AND ((SELECT klarsyn_scope(''units'')) IS NULL OR unit = ANY ((SELECT klarsyn_scope(''units''))::text[])))', name);
		EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %I FROM klarsyn_app', name);
	END LOOP;
END $$;
--> statement-breakpoint
CREATE FUNCTION klarsyn_findings_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO finding_sums (tenant_id, rule_id, level, status, week, provider, unit, findings, timed, minutes, priced, amount_ore)
		SELECT tenant_id, rule_id, level, status, from_day - (extract(isodow FROM from_day)::int - 1), provider, unit,
			count(*), count(minutes), coalesce(sum(minutes), 0), count(amount_ore), coalesce(sum(amount_ore), 0)
		FROM came WHERE mode = 'active' AND NOT held AND status IN ('open', 'in-case') GROUP BY 1, 2, 3, 4, 5, 6, 7;
	ELSE
		INSERT INTO finding_sums (tenant_id, rule_id, level, status, week, provider, unit, findings, timed, minutes, priced, amount_ore)
		SELECT tenant_id, rule_id, level, status, from_day - (extract(isodow FROM from_day)::int - 1), provider, unit,
			-count(*), -count(minutes), -coalesce(sum(minutes), 0), -count(amount_ore), -coalesce(sum(amount_ore), 0)
		FROM went WHERE mode = 'active' AND NOT held AND status IN ('open', 'in-case') GROUP BY 1, 2, 3, 4, 5, 6, 7;
	END IF;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION klarsyn_finding_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
	INSERT INTO finding_sums (tenant_id, rule_id, level, status, week, provider, unit, findings, timed, minutes, priced, amount_ore)
	SELECT tenant_id, rule_id, level, status, from_day - (extract(isodow FROM from_day)::int - 1), provider, unit,
		n, n * num_nonnulls(minutes), n * coalesce(minutes, 0), n * num_nonnulls(amount_ore), n * coalesce(amount_ore, 0)
	FROM (VALUES
		(-1, OLD.tenant_id, OLD.rule_id, OLD.level, OLD.status, OLD.from_day, OLD.provider, OLD.unit, OLD.minutes, OLD.amount_ore, OLD.mode, OLD.held),
		(1, NEW.tenant_id, NEW.rule_id, NEW.level, NEW.status, NEW.from_day, NEW.provider, NEW.unit, NEW.minutes, NEW.amount_ore, NEW.mode, NEW.held)
	) f (n, tenant_id, rule_id, level, status, from_day, provider, unit, minutes, amount_ore, mode, held)
	WHERE mode = 'active' AND NOT held AND status IN ('open', 'in-case');
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION klarsyn_settlement_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
	IF TG_OP <> 'DELETE' THEN
		INSERT INTO settlement_sums (tenant_id, month, provider, unit, lines, granted_minutes, planned_minutes, registered_minutes,
			payable_minutes, claimed_minutes, payable_ore, claimed_ore, overbilled_ore, unbilled_ore)
		SELECT tenant_id, month, provider, unit, count(*), sum(granted_minutes), sum(planned_minutes), sum(registered_minutes),
			sum(payable_minutes), sum(claimed_minutes), sum(payable_ore), sum(claimed_ore), sum(overbilled_ore), sum(unbilled_ore)
		FROM came GROUP BY 1, 2, 3, 4;
	END IF;
	IF TG_OP <> 'INSERT' THEN
		INSERT INTO settlement_sums (tenant_id, month, provider, unit, lines, granted_minutes, planned_minutes, registered_minutes,
			payable_minutes, claimed_minutes, payable_ore, claimed_ore, overbilled_ore, unbilled_ore)
		SELECT tenant_id, month, provider, unit, -count(*), -sum(granted_minutes), -sum(planned_minutes), -sum(registered_minutes),
			-sum(payable_minutes), -sum(claimed_minutes), -sum(payable_ore), -sum(claimed_ore), -sum(overbilled_ore), -sum(unbilled_ore)
		FROM went GROUP BY 1, 2, 3, 4;
	END IF;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION klarsyn_sums_gone() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
	EXECUTE format('DELETE FROM %I', TG_ARGV[0]);
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER findings_came AFTER INSERT ON findings REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION klarsyn_findings_moved();
--> statement-breakpoint
CREATE TRIGGER findings_went AFTER DELETE ON findings REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION klarsyn_findings_moved();
--> statement-breakpoint
-- Each night sees most findings again and changes nothing of these: row by row that costs next to nothing, while a table
-- of all that a statement touched would have to be written first.
CREATE TRIGGER findings_changed AFTER UPDATE ON findings FOR EACH ROW
WHEN ((OLD.status, OLD.held, OLD.mode, OLD.minutes, OLD.amount_ore, OLD.level, OLD.from_day, OLD.provider, OLD.unit, OLD.rule_id, OLD.tenant_id)
	IS DISTINCT FROM (NEW.status, NEW.held, NEW.mode, NEW.minutes, NEW.amount_ore, NEW.level, NEW.from_day, NEW.provider, NEW.unit, NEW.rule_id, NEW.tenant_id))
EXECUTE FUNCTION klarsyn_finding_changed();
--> statement-breakpoint
CREATE TRIGGER findings_gone AFTER TRUNCATE ON findings FOR EACH STATEMENT EXECUTE FUNCTION klarsyn_sums_gone('finding_sums');
--> statement-breakpoint
CREATE TRIGGER settlement_came AFTER INSERT ON settlement_lines REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION klarsyn_settlement_moved();
--> statement-breakpoint
CREATE TRIGGER settlement_went AFTER DELETE ON settlement_lines REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION klarsyn_settlement_moved();
--> statement-breakpoint
-- Of a line only what differs is written.
CREATE TRIGGER settlement_changed AFTER UPDATE ON settlement_lines REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION klarsyn_settlement_moved();
--> statement-breakpoint
CREATE TRIGGER settlement_gone AFTER TRUNCATE ON settlement_lines FOR EACH STATEMENT EXECUTE FUNCTION klarsyn_sums_gone('settlement_sums');
--> statement-breakpoint
INSERT INTO finding_sums (tenant_id, rule_id, level, status, week, provider, unit, findings, timed, minutes, priced, amount_ore)
SELECT tenant_id, rule_id, level, status, from_day - (extract(isodow FROM from_day)::int - 1), provider, unit,
	count(*), count(minutes), coalesce(sum(minutes), 0), count(amount_ore), coalesce(sum(amount_ore), 0)
FROM findings WHERE mode = 'active' AND NOT held AND status IN ('open', 'in-case') GROUP BY 1, 2, 3, 4, 5, 6, 7;
--> statement-breakpoint
INSERT INTO settlement_sums (tenant_id, month, provider, unit, lines, granted_minutes, planned_minutes, registered_minutes,
	payable_minutes, claimed_minutes, payable_ore, claimed_ore, overbilled_ore, unbilled_ore)
SELECT tenant_id, month, provider, unit, count(*), sum(granted_minutes), sum(planned_minutes), sum(registered_minutes),
	sum(payable_minutes), sum(claimed_minutes), sum(payable_ore), sum(claimed_ore), sum(overbilled_ore), sum(unbilled_ore)
FROM settlement_lines GROUP BY 1, 2, 3, 4;
