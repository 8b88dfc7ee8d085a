-- The areas of a client's addresses, by which the clients of an area are found without reading all.
CREATE FUNCTION klarsyn_areas(addresses text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT ARRAY(SELECT DISTINCT address ->> 'area' FROM jsonb_array_elements(addresses::jsonb) address WHERE address ? 'area')
$$;
--> statement-breakpoint
CREATE INDEX clients_by_area ON clients USING gin (klarsyn_areas(addresses)) WHERE addresses IS NOT NULL;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION klarsyn_clients() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT unnest(ARRAY[id, 'pid:' || encode(personal_identity_number_hash, 'hex')]) FROM clients
	WHERE tenant_id = (SELECT current_setting('klarsyn.tenant', true)) AND addresses IS NOT NULL
	AND klarsyn_areas(addresses) && (SELECT klarsyn_scope('groups'))
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION klarsyn_unit_refs() RETURNS SETOF integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT r.no FROM refs r WHERE r.tenant_id = (SELECT current_setting('klarsyn.tenant', true)) AND r.kind = 2
	AND ((SELECT klarsyn_scope('units')) IS NULL OR r.id = ANY ((SELECT klarsyn_scope('units'))::text[]))
	AND ((SELECT klarsyn_scope('providers')) IS NULL OR EXISTS (
		SELECT FROM units u JOIN refs p ON p.tenant_id = u.tenant_id AND p.no = u.provider_id
		WHERE u.tenant_id = r.tenant_id AND u.source_no = r.source_no AND u.id = r.id
		AND p.id = ANY ((SELECT klarsyn_scope('providers'))::text[])))
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
		rule := rule || format(within, 'providers', $$provider_id IN (SELECT no FROM refs WHERE kind = 3 AND id = ANY ((SELECT klarsyn_scope('providers'))::text[]))$$);
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
DROP POLICY within_scope ON clients;
--> statement-breakpoint
DROP POLICY within_scope ON clients_history;
--> statement-breakpoint
SELECT klarsyn_protect('clients');
--> statement-breakpoint
SELECT klarsyn_protect('clients_history');
