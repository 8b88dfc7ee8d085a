import type { Day, RefKind } from "#model";
import { refKinds } from "#model";
import type { Refs } from "./raw.ts";

/** What a person has decided: two ids of different systems are the same person, staff member, unit or provider. */
export interface Alias {
  kind: "client" | "staff" | "unit" | "provider";
  source: string;
  id: string;
  sameAsSource: string;
  sameAsId: string;
  /** First and last day on which it holds, both included; null or missing: always. */
  from?: Day | null;
  through?: Day | null;
}

/** A record that describes a person, unit or provider, and what it can be recognised by. */
export interface Master {
  source: number;
  id: string;
  /** "pid:…", "hsa:…", "org:…": whoever shares one is the same. */
  attributes: readonly string[];
  /** It says no more than who it is: it joins ids, and makes nobody known. */
  linkOnly?: boolean;
}

/** What the ids of all systems of one kind stand for, as dense codes 0…count-1. */
export interface Resolved {
  readonly count: number;
  /** The code of a reference number on a day; -1 for -1. */
  code(ref: number, day: Day): number;
  /** The code of what `source` calls `id`, or -1. */
  find(source: string, id: string): number;
  /** The id to show: of a source that names it, else "pid:<hash>". */
  readonly text: readonly string[];
  /** Stable and unambiguous over sources: "pid:<hash>" or "<source>/<id>". */
  readonly key: readonly string[];
  readonly codeByKey: ReadonlyMap<string, number>;
  /** By "<source>/<id>" of any source that names it. */
  readonly codeByName: ReadonlyMap<string, number>;
  /** 0 where no source describes it: an unresolved reference. */
  readonly known: Uint8Array;
  /** 1 where ids of several sources stand for it, or a personal identity number does. */
  readonly joined: Uint8Array;
  /** Code of each master, by its position. */
  readonly ofMaster: Int32Array;
}

/** What says who somebody is, as plain data. */
export type Identities = Pick<Resolved, "count" | "text" | "key" | "known" | "joined" | "codeByKey" | "codeByName">;

export function identitiesOf({ count, text, key, known, joined, codeByKey, codeByName }: Resolved): Identities {
  return { count, text, key, known, joined, codeByKey, codeByName };
}

/** The code of a `key` or of any "<source>/<id>"; -1 where none. */
export function codeOfKey({ codeByKey, codeByName }: Identities, key: string): number {
  return codeByKey.get(key) ?? codeByName.get(key) ?? -1;
}

interface Dated {
  from: Day;
  through: Day;
  node: number;
}

/**
 * Joins the ids of different systems by what identifies them: personal identity hash, HSA-id, organisation number,
 * and what a person has decided. Never by name. The result does not depend on the numbering of `refs`.
 */
export function resolve(
  kind: RefKind,
  refs: Refs,
  sources: readonly string[],
  rank: readonly number[],
  masters: readonly Master[],
  aliases: readonly Alias[],
): Resolved {
  const kindNumber = refKinds.indexOf(kind);
  const nodeSource: string[] = [];
  const nodeRank: number[] = [];
  const nodeId: string[] = [];
  const parent: number[] = [];
  const byName = new Map<string, number>();
  const node = (source: string, rankOfSource: number, id: string): number => {
    const name = `${source}/${id}`;
    let found = byName.get(name);
    if (found === undefined) {
      found = parent.length;
      byName.set(name, found);
      nodeSource.push(source);
      nodeRank.push(rankOfSource);
      nodeId.push(id);
      parent.push(found);
    }
    return found;
  };
  const root = (of: number): number => {
    while (parent[of] !== of) of = parent[of] = parent[parent[of]!]!;
    return of;
  };
  const join = (a: number, b: number): void => {
    parent[root(a)] = root(b);
  };
  const byAttribute = new Map<string, number>();
  const recognise = (of: number, attribute: string): void => {
    const first = byAttribute.get(attribute);
    if (first === undefined) byAttribute.set(attribute, of);
    else join(of, first);
  };
  const rankOf = (source: string): number => {
    const number = sources.indexOf(source);
    return number < 0 ? sources.length : rank[number]!;
  };

  const nodeOfRef = new Int32Array(refs.kind.length).fill(-1);
  for (let ref = 0; ref < refs.kind.length; ref++) {
    if (refs.kind[ref] !== kindNumber) continue;
    const source = refs.source[ref]!;
    nodeOfRef[ref] = node(sources[source] ?? "", rank[source] ?? sources.length, refs.id[ref]!);
  }
  const masterNode = masters.map((master) => {
    const of = node(sources[master.source] ?? "", rank[master.source] ?? sources.length, master.id);
    for (const attribute of master.attributes) recognise(of, attribute);
    return of;
  });
  const dated = new Map<number, Dated[]>();
  for (const alias of aliases) {
    if (alias.kind !== kind) continue;
    const from = node(alias.source, rankOf(alias.source), alias.id);
    const to = node(alias.sameAsSource, rankOf(alias.sameAsSource), alias.sameAsId);
    if ((alias.from ?? null) === null && (alias.through ?? null) === null) join(from, to);
    else {
      const list = dated.get(from) ?? [];
      list.push({ from: alias.from ?? -Infinity, through: alias.through ?? Infinity, node: to });
      dated.set(from, list);
    }
  }
  // A reference may itself be an identity: a hashed personal number, or an HSA-id where a source uses those as ids.
  for (let of = 0; of < nodeId.length; of++) {
    const id = nodeId[of]!;
    if (id.startsWith("pid:")) recognise(of, id);
    else if (/^SE\d{10}-/i.test(id)) recognise(of, `hsa:${id.toUpperCase()}`);
  }

  const hasMaster = new Set(masterNode);
  const described = new Set(masterNode.filter((_, position) => masters[position]!.linkOnly !== true));
  const members = new Map<number, number[]>();
  for (let of = 0; of < parent.length; of++) {
    const top = root(of);
    const list = members.get(top);
    if (list === undefined) members.set(top, [of]);
    else list.push(of);
  }
  const hashOf = new Map<number, string>();
  for (const [attribute, of] of byAttribute) {
    if (!attribute.startsWith("pid:")) continue;
    const top = root(of);
    const known = hashOf.get(top);
    if (known === undefined || attribute < known) hashOf.set(top, attribute);
  }
  const clusters = [...members].map(([top, nodes]) => {
    const shown = nodes.toSorted(
      (a, b) =>
        Number(nodeId[a]!.startsWith("pid:")) - Number(nodeId[b]!.startsWith("pid:")) ||
        Number(hasMaster.has(b)) - Number(hasMaster.has(a)) ||
        nodeRank[a]! - nodeRank[b]! ||
        (nodeId[a]! < nodeId[b]! ? -1 : nodeId[a]! > nodeId[b]! ? 1 : 0),
    )[0]!;
    const key = hashOf.get(top) ?? `${nodeSource[shown]!}/${nodeId[shown]!}`;
    const source = nodeSource[shown]!;
    return {
      nodes,
      key,
      text: nodeId[shown]!,
      source,
      rank: nodeRank[shown]!,
      known: nodes.some((of) => described.has(of)),
      joined: hashOf.has(top) || nodes.some((of) => nodeSource[of] !== nodeSource[nodes[0]!]),
    };
  });
  clusters.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  // Two systems may use the same id for different people: then it is shown bare for one whom somebody describes, of
  // the first such system.
  const precedence = (cluster: { known: boolean; rank: number }): number =>
    cluster.rank + (cluster.known ? 0 : sources.length + 1);
  const first = new Map<string, number>();
  for (const cluster of clusters) {
    first.set(cluster.text, Math.min(precedence(cluster), first.get(cluster.text) ?? Infinity));
  }
  for (const cluster of clusters) {
    if (precedence(cluster) !== first.get(cluster.text)) cluster.text = `${cluster.source}/${cluster.text}`;
  }

  const codeOfNode = new Int32Array(parent.length);
  const known = new Uint8Array(clusters.length);
  const joined = new Uint8Array(clusters.length);
  const codeByKey = new Map<string, number>();
  clusters.forEach((cluster, code) => {
    known[code] = cluster.known ? 1 : 0;
    joined[code] = cluster.joined ? 1 : 0;
    codeByKey.set(cluster.key, code);
    for (const of of cluster.nodes) codeOfNode[of] = code;
  });
  const codeOfRef = nodeOfRef.map((of) => (of < 0 ? -1 : codeOfNode[of]!));
  // From here on by name it is the code that is known.
  for (const [name, of] of byName) byName.set(name, codeOfNode[of]!);
  return {
    count: clusters.length,
    code(ref, day) {
      if (ref < 0) return -1;
      if (dated.size > 0) {
        const held = dated.get(nodeOfRef[ref]!)?.find((alias) => alias.from <= day && day <= alias.through);
        if (held !== undefined) return codeOfNode[held.node]!;
      }
      return codeOfRef[ref]!;
    },
    find: (source, id) => byName.get(`${source}/${id}`) ?? -1,
    text: clusters.map((cluster) => cluster.text),
    key: clusters.map((cluster) => cluster.key),
    codeByKey,
    codeByName: byName,
    known,
    joined,
    ofMaster: Int32Array.from(masterNode, (of) => codeOfNode[of]!),
  };
}
