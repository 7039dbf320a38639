// Changes of the decisions that are to be noticed.

export const breaks = [
  // Order.
  {
    file: "_decide.ts",
    from: "if (!isBlocked(child)) begin(turn, child);",
    to: "begin(turn, child);",
  },
  {
    file: "_graph.ts",
    from: "      if (isGoing(state) && !isPast(state)) return false;",
    to: "",
  },
  {
    file: "_graph.ts",
    from: '!(state.why === "held" && names(from, dep))',
    to: "true",
  },
  {
    file: "_graph.ts",
    from: '        state.is === "late" && state.then.is === "gone";',
    to: '        state.is === "late";',
  },
  {
    file: "_graph.ts",
    from:
      '      else if (!("isCleared" in state && state.isCleared)) seen.add(each);',
    to: "",
  },
  {
    file: "_graph.ts",
    from:
      "  for (const each of dependents) each.deps = others(each.deps, deps);",
    to: "  for (const each of dependents) each.deps = others(each.deps, []);",
  },
  // Groups.
  {
    file: "_restarts.ts",
    from: "    if (hasRun(members[restart.down]!.state)) return;",
    to: "",
  },
  { file: "_restarts.ts", from: "  if (turn.now < until) return;", to: "" },
  {
    file: "_restarts.ts",
    from: "  if (members.length > 1) tree.groups.add(restart);",
    to: "",
  },
  {
    file: "_restarts.ts",
    from:
      "(!reached || reached.has(each)) && !isLeaving(each) && !isHeld(each)",
    to: "!isLeaving(each) && !isHeld(each)",
  },
  {
    file: "_restarts.ts",
    from:
      "(!reached || reached.has(each)) && !isLeaving(each) && !isHeld(each)",
    to: "(!reached || reached.has(each)) && !isLeaving(each)",
  },
  {
    file: "_restarts.ts",
    from:
      '  return each === cause || each.restart !== "temporary" || each.ups === 0 ||',
    to: '  return each === cause || each.restart !== "temporary" ||',
  },
  {
    file: "_restarts.ts",
    from: "  if (!group) return queued(back, isTrial);",
    to: "  if (group === undefined || tree) return queued(back, isTrial);",
  },
  {
    file: "_late.ts",
    from: '  if (then.is === "wait" && then.restart.members.length > 1) {',
    to: '  if (then.is === "wait" && then.restart.members.length > 9) {',
  },
  // Kills.
  {
    file: "_late.ts",
    from: "  const killTimeout = isCut(state) ? undefined : child.killTimeout;",
    to: "  const killTimeout = isCut(state) ? undefined : undefined;",
  },
  {
    file: "_decide.ts",
    from: "      if (isCut(state)) return;\n",
    to: "",
  },
  {
    file: "_decide.ts",
    from: "if (killTimeout && killTimeout < share) share -= killTimeout;",
    to: "",
  },
  { file: "_turn.ts", from: " && !isCut(state)", to: "" },
  // A second time.
  {
    file: "_restarts.ts",
    from: '=== "running" ? "stop" : "late";',
    to: '=== "running" ? "stop" : "stop";',
  },
  {
    file: "_phase.ts",
    from: " && (isCut(state) || !isPast(state))",
    to: "",
  },
  {
    file: "_graph.ts",
    from: "isLeaving(dep) && !mayLack",
    to: "isLeaving(dep)",
  },
  {
    file: "_graph.ts",
    from: "      if (isGoing(state) && !isPast(state)) return false;",
    to: "      if (isGoing(state)) return false;",
  },
  // How often.
  { file: "_ends.ts", from: "    count(turn, child);\n", to: "" },
  {
    file: "_ends.ts",
    from: "restartsOf(turn, child) >= restarts",
    to: "restartsOf(turn, child) > restarts",
  },
  {
    file: "_restarts.ts",
    from: "  child.counted = child.counted.filter((at) => at > since);",
    to: "",
  },
  { file: "_restarts.ts", from: "    count += own;", to: "" },
  { file: "_turn.ts", from: "    child.uptime += uptime;", to: "" },
  {
    file: "_restarts.ts",
    from: "initial * factor ** child.attempts++",
    to: "initial * factor ** child.attempts",
  },
  // Ends.
  {
    file: "_ends.ts",
    from: 'child.restart === "transient" && error',
    to: 'child.restart === "transient"',
  },
  {
    file: "_ends.ts",
    from: '  put(child.restart === "temporary" ? ENDED : rest("done"));',
    to: '  put(rest("done"));',
  },
  {
    file: "_phase.ts",
    from: "  if (isAsked && left.size > 0) return;\n",
    to: "",
  },
  {
    file: "_phase.ts",
    from: "    giveUp(turn, child);\n    retire(",
    to: "    retire(",
  },
  { file: "_phase.ts", from: "  if (phase.hasEnded) shutDown(turn);", to: "" },
  {
    file: "_turn.ts",
    from:
      "  // What comes later gives no more time.\n  const least = Math.min(before, deadline);",
    to: "  const least = deadline;",
  },
  {
    file: "_decide.ts",
    from: "    const mayShare = isShared || killTimeout !== undefined;",
    to: "    const mayShare = killTimeout !== undefined;",
  },
  // Calls.
  { file: "_asked.ts", from: "  if (restart) hurry(turn, restart);", to: "" },
  {
    file: "_asked.ts",
    from: '  if (next.is === "wait") return down(turn, child, next);',
    to: "",
  },
  {
    file: "_asked.ts",
    from:
      '  if (state.is === "late") return down(turn, child, coming(turn, child));',
    to: "",
  },
  {
    file: "_asked.ts",
    from: "    if (!without.has(child)) left.add(child);",
    to: "    left.add(child);",
  },
  {
    file: "_late.ts",
    from: '  answer(turn, child, "down", error);\n',
    to: "",
  },
  { file: "_turn.ts", from: "  unlink(child);\n", to: "" },
];
