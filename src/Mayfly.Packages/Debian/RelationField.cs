namespace Mayfly.Packages.Debian;

/// <summary>Reads the relationship fields of policy 7.1: <c>a (&gt;= 1) | b [amd64], c:any</c>.</summary>
public static class RelationField
{
    /// <param name="architecture">Entries whose architecture list leaves it out are dropped.</param>
    /// <param name="text">The field's value.</param>
    public static IReadOnlyList<Dependency> Parse(ReadOnlySpan<char> text, string architecture = "")
    {
        if (text.IsWhiteSpace())
            return [];
        var dependencies = new List<Dependency>();
        foreach (var entry in text.Split(','))
        {
            if (text[entry].IsWhiteSpace())
                continue;
            var alternatives = new List<Relation>(1);
            var group = text[entry];
            foreach (var part in group.Split('|'))
            {
                if (ParseRelation(group[part], architecture) is { } relation)
                    alternatives.Add(relation);
            }

            if (alternatives.Count > 0)
                dependencies.Add(new Dependency([.. alternatives]));
        }

        return dependencies;
    }

    private static Relation? ParseRelation(ReadOnlySpan<char> text, string architecture)
    {
        var rest = text.Trim();
        var end = rest.IndexOfAny(" \t\n([<");
        var name = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[end..].TrimStart();
        string? qualifier = null;
        if (name.IndexOf(':') is var colon and >= 0)
        {
            qualifier = name[(colon + 1)..].ToString();
            name = name[..colon];
        }

        if (!PackageName.IsValid(name) || qualifier is { Length: 0 })
            throw Malformed(text);

        var comparison = VersionOperator.Any;
        var version = "";
        if (rest.StartsWith("("))
        {
            var close = rest.IndexOf(')');
            if (close < 0)
                throw Malformed(text);
            var inside = rest[1..close].Trim();
            rest = rest[(close + 1)..].TrimStart();
            (comparison, var length) = inside switch
            {
                ['<', '<', ..] => (VersionOperator.Earlier, 2),
                ['<', '=', ..] => (VersionOperator.EarlierOrEqual, 2),
                ['>', '=', ..] => (VersionOperator.LaterOrEqual, 2),
                ['>', '>', ..] => (VersionOperator.Later, 2),
                ['=', ..] => (VersionOperator.Equal, 1),
                // Long obsolete single signs; dpkg reads them as the inclusive ones.
                ['<', ..] => (VersionOperator.EarlierOrEqual, 1),
                ['>', ..] => (VersionOperator.LaterOrEqual, 1),
                _ => (VersionOperator.Equal, 0),
            };
            version = inside[length..].Trim().ToString();
            if (!DebianVersion.IsValid(version))
                throw Malformed(text);
        }

        var wanted = true;
        if (rest.StartsWith("["))
        {
            var close = rest.IndexOf(']');
            if (close < 0)
                throw Malformed(text);
            wanted = architecture.Length == 0 || Covers(rest[1..close], architecture);
            rest = rest[(close + 1)..].TrimStart();
        }

        // Build profiles stand only in source packages; anything else is noise that must not be guessed at.
        if (!rest.IsEmpty)
            throw Malformed(text);
        return wanted ? new Relation(string.Intern(name.ToString()), comparison, new DebianVersion(version)) { Qualifier = qualifier } : null;
    }

    private static bool Covers(ReadOnlySpan<char> list, string architecture)
    {
        var negative = false;
        foreach (var part in list.Split(' '))
        {
            var name = list[part].Trim();
            if (name.IsEmpty)
                continue;
            negative = name[0] == '!';
            if (negative)
                name = name[1..];
            if (name.SequenceEqual(architecture) || name is "any" or "linux-any" || name.SequenceEqual($"any-{architecture}") || name.SequenceEqual($"linux-{architecture}"))
                return !negative;
        }

        return negative;
    }

    private static FormatException Malformed(ReadOnlySpan<char> text) => new($"'{text.Trim()}' is not a relation between packages");
}
