-- What records call the units or providers of a list: those ids, and what somebody has decided to be the same. An alias
-- may hold for some days only; which days a record is then counted on is for whoever reads it to say.
CREATE FUNCTION klarsyn_named(wanted text, number integer, ids text[]) RETURNS SETOF integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
	WITH RECURSIVE standing AS (
		SELECT source, id, same_as_source, same_as_id FROM aliases
		WHERE tenant_id = (SELECT current_setting('klarsyn.tenant', true)) AND kind = wanted AND undone_at IS NULL),
	joined AS (
		SELECT source, id FROM standing WHERE same_as_id = ANY (ids)
		UNION
		SELECT s.source, s.id FROM standing s JOIN joined j ON s.same_as_source = j.source AND s.same_as_id = j.id)
	SELECT no FROM refs WHERE tenant_id = (SELECT current_setting('klarsyn.tenant', true)) AND kind = number AND id = ANY (ids)
	UNION
	SELECT r.no FROM joined j JOIN sources_known k ON k.tenant_id = (SELECT current_setting('klarsyn.tenant', true)) AND k.id = j.source
	JOIN refs r ON r.tenant_id = k.tenant_id AND r.kind = number AND r.source_no = k.no AND r.id = j.id
$$;
--> statement-breakpoint
-- Providers, as records name them: those named.
CREATE FUNCTION klarsyn_provider_refs() RETURNS SETOF integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT klarsyn_named('provider', 3, (SELECT klarsyn_scope('providers')))
$$;
--> statement-breakpoint
-- Units, as records name them: those named, of the providers named.
CREATE OR REPLACE FUNCTION klarsyn_unit_refs() RETURNS SETOF integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
	WITH RECURSIVE own AS (
		SELECT k.id AS source, u.id FROM units u JOIN sources_known k ON k.tenant_id = u.tenant_id AND k.no = u.source_no
		WHERE u.tenant_id = (SELECT current_setting('klarsyn.tenant', true)) AND u.provider_id IN (SELECT klarsyn_provider_refs())
		UNION
		SELECT a.source, a.id FROM aliases a JOIN own o ON a.same_as_source = o.source AND a.same_as_id = o.id
		WHERE a.tenant_id = (SELECT current_setting('klarsyn.tenant', true)) AND a.kind = 'unit' AND a.undone_at IS NULL)
	SELECT r.no FROM refs r WHERE r.tenant_id = (SELECT current_setting('klarsyn.tenant', true)) AND r.kind = 2
	AND ((SELECT klarsyn_scope('units')) IS NULL OR r.no IN (SELECT klarsyn_named('unit', 2, (SELECT klarsyn_scope('units')))))
	AND ((SELECT klarsyn_scope('providers')) IS NULL OR EXISTS (
		SELECT FROM own o JOIN sources_known k ON k.tenant_id = r.tenant_id AND k.id = o.source
		WHERE k.no = r.source_no AND o.id = r.id))
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION klarsyn_protect(name regclass) RETURNS void LANGUAGE plpgsql AS $protect$
DECLARE
	has text[] := ARRAY(SELECT attname || ' ' || format_type(atttypid, NULL) FROM pg_attribute
		WHERE attrelid = name AND attnum > 0 AND NOT attisdropped);
	rule text := $$tenant_id = (SELECT current_setting('klarsyn.tenant', true))$$;
	within text := $$ AND ((SELECT klarsyn_scope('%s')) IS NULL OR %s)$$;
	listed text := $$%I = ANY ((SELECT klarsyn_scope('%s'))::text[])$$;
BEGIN
	IF 'provider text' = ANY (has) THEN rule := rule || format(within, 'providers', format(listed, 'provider', 'providers')); END IF;
	IF 'unit text' = ANY (has) AND 'client text' = ANY (has) THEN rule := rule || format(within, 'units', format(listed, 'unit', 'units')); END IF;
	IF 'client text' = ANY (has) THEN rule := rule || format(within, 'groups', 'client IN (SELECT klarsyn_clients())'); END IF;
	IF 'units text[]' = ANY (has) AND 'areas text[]' = ANY (has) THEN
		rule := rule || format(within, 'units', $$units && (SELECT klarsyn_scope('units'))$$)
			|| format(within, 'groups', $$areas && (SELECT klarsyn_scope('groups'))$$);
	END IF;
	IF 'provider_id integer' = ANY (has) THEN
		rule := rule || format(within, 'providers', 'provider_id IN (SELECT klarsyn_provider_refs())');
	END IF;
	IF 'unit_id integer' = ANY (has) THEN
		rule := rule || $$ AND (((SELECT klarsyn_scope('units')) IS NULL AND (SELECT klarsyn_scope('providers')) IS NULL)
			OR unit_id IN (SELECT klarsyn_unit_refs()))$$;
	END IF;
	IF 'client_id integer' = ANY (has) THEN
		rule := rule || format(within, 'groups', 'client_id IN (SELECT klarsyn_client_refs())');
	END IF;
	IF name IN ('clients'::regclass, 'clients_history'::regclass) THEN
		rule := rule || format(within, 'groups', $$coalesce('pid:' || encode(personal_identity_number_hash, 'hex'), id) IN (SELECT klarsyn_clients())$$);
	END IF;
	IF name = 'settled_lines'::regclass THEN
		rule := rule || format(within, 'units', format($$content::jsonb ->> 'unit' = ANY ((SELECT klarsyn_scope('units'))::text[])$$));
	END IF;
	IF 'case_no text' = ANY (has) THEN
		rule := rule || format($$ AND ((SELECT klarsyn_all()) OR EXISTS (SELECT FROM cases c WHERE c.tenant_id = %1$s.tenant_id AND c.no = %1$s.case_no))$$, name);
	ELSIF 'finding_id text' = ANY (has) THEN
		rule := rule || format($$ AND ((SELECT klarsyn_all()) OR EXISTS (SELECT FROM findings f WHERE f.tenant_id = %1$s.tenant_id AND f.id = %1$s.finding_id))$$, name);
	END IF;
	EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
	EXECUTE format('CREATE POLICY within_scope ON %s TO klarsyn_app USING (%s)', name, rule);
END $protect$;
--> statement-breakpoint
DO $$
DECLARE
	name regclass;
BEGIN
	FOR name IN SELECT attrelid FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attname = 'provider_id' AND atttypid = 'integer'::regtype
	LOOP
		EXECUTE format('DROP POLICY within_scope ON %s', name);
		PERFORM klarsyn_protect(name);
	END LOOP;
END $$;
