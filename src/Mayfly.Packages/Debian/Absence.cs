namespace Mayfly.Packages.Debian;

/// <summary>Why nothing that may be chosen meets a relation, and what can be done about it.</summary>
/// <param name="Fact">The end of a sentence: <c>nginx is held at 1.18</c>.</param>
/// <param name="Hint">What to do next.</param>
/// <param name="Rank">Lower where the stack itself says so: among several that is the one to change.</param>
internal sealed record Absence(string Fact, string Hint, int Rank)
{
    /// <summary>True where a hold is the reason.</summary>
    public bool IsByHold { get; init; }

    /// <summary>The reason for one relation; architectures count as far as the relation's qualifier says.</summary>
    public static Absence Of(DebianCandidates candidates, Relation relation)
    {
        var index = candidates.Index;
        foreach (var fitting in candidates.Everything(relation, index.Architecture, excludes: false))
        {
            var key = fitting.Key;
            if (candidates.IsUnwanted(key))
                return new Absence($"{key}- rules out {fitting}", $"leave {key}- out, or ask for something else that provides {relation.Name}", 0);
            if (candidates.Pinned(key) is not { } pinned)
                return new Absence($"the pins keep {fitting} out", $"give it a priority above 0: {fitting.Version} ({fitting.Release.Id})", 2);
            if (pinned.Version.CompareTo(fitting.Version) == 0)
                continue;
            if (candidates.Held.Contains(key))
                return new Absence($"{key} is held at {pinned.Version}", $"remove .Hold(\"{key}\") to get {fitting.Version} ({fitting.Release.Id})", 0) { IsByHold = true };
            if (candidates.IsInstalled(key))
                return new Absence($"the base has {pinned}", $"the base is shared by all components: ask for {key}={fitting.Version} there", 1);
            return new Absence($"{key} is asked for as {pinned.Version}", $"ask for {key}={fitting.Version}, or for no version of it", 0);
        }

        if (relation.Qualifier is { } architecture and not ("any" or "native") && architecture != index.Architecture && !index.Foreign.Contains(architecture))
            return new Absence($"{architecture} is no architecture of this stack", $"add it to the release in stack.cs: .Architectures(\"{architecture}\")", 1);
        var named = relation.Qualifier is null or "any" or "native" || relation.Qualifier == index.Architecture ? relation.Name : $"{relation.Name}:{relation.Qualifier}";
        if ((candidates.Candidate(named) ?? index.Find(named).FirstOrDefault()) is { } other)
        {
            return relation.Qualifier == "any" && other.MultiArch != MultiArch.Allowed
                ? new Absence($"{other} does not allow {relation}", "its archive must mark it as Multi-Arch: allowed first: leave out what depends on it so", 3)
                : new Absence($"only {other} ({other.Release.Id}) is there", $"add a suite that has such a version, as .With(Suite.Backports) does, or ask for another version of what depends on it", 3);
        }

        return index.Providers(relation.Name).FirstOrDefault() is { } provider && relation.Operator != VersionOperator.Any
            ? new Absence($"{provider} provides {relation.Name} in no such version", "add a suite that has such a version, as .With(Suite.Backports) does, or leave out what depends on it", 3)
            : new Absence($"nothing in {string.Join(", ", index.Releases.Select(static release => release.Id))} is called {named} or provides it", $"add the suite or component that has {named}, or leave out what depends on it", 4);
    }
}
