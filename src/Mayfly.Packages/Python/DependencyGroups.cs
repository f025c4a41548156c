namespace Mayfly.Packages.Python;

/// <summary>The table <c>[dependency-groups]</c> (PEP 735), in which one group may include another.</summary>
internal static class DependencyGroups
{
    /// <summary>Groups that include each other twice, over and over, come to more than any memory; and no project goes deeper than this.</summary>
    private const int Most = 10_000, Deepest = 64;

    /// <exception cref="MayflyException">A group includes itself, or one that is not there, or something in it cannot be read.</exception>
    public static IReadOnlyDictionary<ProjectName, IReadOnlyList<DependencySpecifier>> Read(IReadOnlyDictionary<string, object?> table, string origin)
    {
        var groups = new Dictionary<ProjectName, (string Name, IReadOnlyList<object?> Entries)>();
        foreach (var name in table.Keys)
        {
            if (!ProjectName.IsValid(name))
                throw Wrong($"'{name}' is no name of a dependency group", "a name has letters, digits, points, hyphens and low lines");
            if (!groups.TryAdd(ProjectName.Parse(name), (name, table.List(name, origin))))
                throw Wrong($"the dependency group {name} is there twice", "names that differ in signs and capitals alone are the same (PEP 735)");
        }

        var resolved = new Dictionary<ProjectName, (IReadOnlyList<DependencySpecifier> All, int Height)>();
        return groups.Keys.ToDictionary(static name => name, name => Resolve(name, []).All);

        // Its height is that of the highest group that it includes and one more, whichever was looked at first.
        (IReadOnlyList<DependencySpecifier> All, int Height) Resolve(ProjectName name, IReadOnlyList<ProjectName> way)
        {
            if (resolved.TryGetValue(name, out var known))
                return known;
            if (way.Contains(name))
                throw Wrong($"the dependency group {name} includes itself{(way.Count > 1 ? $", by way of {string.Join(" and ", way.Skip(1))}" : "")}", "take one of the includes out");
            // No deeper is looked, nor may a group be higher.
            if (way.Count > Deepest)
                throw TooDeep();
            List<DependencySpecifier> all = [];
            var height = 0;
            foreach (var entry in groups[name].Entries)
            {
                switch (entry)
                {
                    case string text:
                        try
                        {
                            all.Add(DependencySpecifier.Parse(text));
                        }
                        catch (MayflyException e)
                        {
                            throw new MayflyException($"{origin}: {e.Message}", e.Hint, e);
                        }

                        break;
                    case IReadOnlyDictionary<string, object?> { Count: 1 } include when include.GetValueOrDefault("include-group") is string other && ProjectName.IsValid(other):
                        if (!groups.ContainsKey(ProjectName.Parse(other)))
                            throw Wrong($"the dependency group {name} includes {other}, which is not there", $"there are {string.Join(", ", groups.Values.Select(static group => group.Name))}");
                        var included = Resolve(ProjectName.Parse(other), [.. way, name]);
                        all.AddRange(included.All);
                        if ((height = Math.Max(height, included.Height + 1)) > Deepest)
                            throw TooDeep();
                        break;
                    default:
                        throw Wrong($"the dependency group {name} has an entry that is neither a dependency nor {{include-group = \"…\"}}", "write one of them (PEP 735)");
                }

                if (all.Count > Most)
                    throw Wrong($"the dependency group {name} comes to more than {Most} dependencies", "no project needs that: look what it includes");
            }

            return resolved[name] = (all, height);
        }

        MayflyException TooDeep() => Wrong($"dependency groups include each other more than {Deepest} deep", "no project needs that");

        MayflyException Wrong(string what, string hint) => new($"{origin}: {what}", hint);
    }
}
