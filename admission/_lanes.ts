/**
 * Who is next. Runs that want the same wait in one lane, in order; a lane is
 * blocked by the first resource of which its head cannot have enough.
 *
 * - A head takes all that it wants, or nothing: there is no deadlock.
 * - A lane that comes later does not take what the head of an earlier lane waits
 *   for. Other resources it may take, until that head has waited for a whole
 *   `aging`: from then on the head holds back all that it wants.
 */

import { type Entry, Heap, isBefore } from "./_heap.ts";

/** Something of which there is so much: places, connections, memory. */
export class Resource {
  used = 0;
  limit: number;
  /**
   * Whether this is the lowest priority that pressure lets in. Nothing of it is
   * used up: `limit` is that priority with the sign turned, and so are amounts.
   */
  readonly isFloor: boolean;
  /** The lanes whose heads wait for it. */
  readonly blocked: Lane[] = [];

  constructor(limit: number, isFloor = false) {
    this.limit = limit;
    this.isFloor = isFloor;
  }
}

/** One that waits. */
export interface Waiter extends Entry {
  readonly lane: Lane;
  /** Since when, by the lane's `now()`. */
  readonly since: number;
  /** It has what it wants. */
  admit(): void;
}

/** Those that want the same. */
export class Lane {
  readonly queue = new Heap<Waiter>();
  readonly resources: readonly Resource[];
  /** How much each wants of each resource, in their order. */
  readonly amounts: readonly number[];
  /** How long a head waits before it holds back all that it wants; 0 for ever. */
  readonly aging: number;
  /** The time in milliseconds. */
  readonly now: () => number;
  /** Where it is listed as blocked. */
  blockedBy: readonly Resource[] = [];

  constructor(
    resources: readonly Resource[],
    amounts: readonly number[],
    aging: number,
    now: () => number,
  ) {
    this.resources = resources;
    this.amounts = amounts;
    this.aging = aging;
    this.now = now;
  }
}

/** Takes what a run of a lane wants. */
export function take({ resources, amounts }: Lane): void {
  for (let index = 0; index < resources.length; index++) {
    const resource = resources[index]!;
    if (!resource.isFloor) resource.used += amounts[index]!;
  }
}

/** Gives back what a run of a lane had, to those that wait for it. */
export function giveBack({ resources, amounts }: Lane): void {
  let isWanted = false;
  for (let index = 0; index < resources.length; index++) {
    const resource = resources[index]!;
    if (!resource.isFloor) resource.used -= amounts[index]!;
    isWanted ||= resource.blocked.length > 0;
  }
  if (isWanted) pump(resources);
}

/** The first resource of which there is not enough, or an earlier head waits for. */
export function shortOf(
  { resources, amounts }: Lane,
  entry: Entry,
): Resource | undefined {
  for (let index = 0; index < resources.length; index++) {
    const resource = resources[index]!;
    const { used, limit, isFloor, blocked } = resource;
    if (used + amounts[index]! > limit) return resource;
    if (isFloor) continue;
    for (const { queue } of blocked) {
      if (isBefore(queue.first!, entry)) return resource;
    }
  }
  return undefined;
}

/** Puts one that waits into the order. */
export function enter(waiter: Waiter): void {
  const { lane } = waiter;
  lane.queue.add(waiter);
  if (lane.queue.first !== waiter) return;
  // It may come before those that have held back an earlier head of its lane.
  unblock(lane);
  advance(lane);
}

/** Takes one out that waits no more. */
export function withdraw(waiter: Waiter): void {
  const { lane } = waiter;
  const isHead = lane.queue.first === waiter;
  lane.queue.remove(waiter);
  if (!isHead) return;
  const { blockedBy } = lane;
  unblock(lane);
  if (lane.queue.first) block(lane, blockedBy[0]!, lane.queue.first);
  // What it has held back goes to others, or to the next of its lane.
  pump(blockedBy);
}

/** Lets those in that wait for resources, as far as it goes, the first in order. */
export function pump(freed: Iterable<Resource>): void {
  const resources = new Set(freed);
  const stuck = new Set<Lane>();
  for (let lane; (lane = bestOf(resources, stuck));) {
    const head = lane.queue.first;
    const { blockedBy } = lane;
    unblock(lane);
    advance(lane);
    if (lane.queue.first === head) stuck.add(lane);
    // What it holds back no more is there for others.
    else for (const resource of blockedBy) resources.add(resource);
  }
}

/** The lane whose head comes before all others that wait for the resources. */
function bestOf(
  resources: Iterable<Resource>,
  stuck: ReadonlySet<Lane>,
): Lane | undefined {
  let best: Lane | undefined;
  for (const { blocked } of resources) {
    for (const lane of blocked) {
      const isBetter = !best || isBefore(lane.queue.first!, best.queue.first!);
      if (isBetter && !stuck.has(lane)) best = lane;
    }
  }
  return best;
}

/** Lets the heads of a lane in, one after the other, until one has to wait. */
function advance(lane: Lane): void {
  const { queue } = lane;
  for (let head; (head = queue.first);) {
    const short = shortOf(lane, head);
    if (short) return block(lane, short, head);
    queue.remove(head);
    take(lane);
    head.admit();
  }
}

function block(lane: Lane, short: Resource, { since }: Waiter): void {
  const { aging, resources } = lane;
  const isOld = aging > 0 && lane.now() - since >= aging;
  lane.blockedBy = isOld && !short.isFloor
    ? resources.filter(({ isFloor }) => !isFloor)
    : [short];
  for (const { blocked } of lane.blockedBy) blocked.push(lane);
}

function unblock(lane: Lane): void {
  for (const { blocked } of lane.blockedBy) {
    const last = blocked.pop()!;
    if (last !== lane) blocked[blocked.indexOf(lane)] = last;
  }
  lane.blockedBy = [];
}
