using System.Globalization;
using System.Text.RegularExpressions;

namespace Mayfly.Packages.Python.Universal;

/// <summary>The versions of Python that a lock is for: minor versions that are known, within what a specifier allows.</summary>
public sealed partial record PythonRange
{
    /// <summary>Mayfly makes no environments of older ones.</summary>
    private const int Oldest = 8;

    /// <summary>The newest one for which projects commonly have wheels; newer ones are locked for when they are named.</summary>
    private const int Newest = 14;

    /// <summary>One comes out a year: whoever names one beyond this has slipped.</summary>
    private const int Furthest = Newest + 6;

    /// <summary>Never without bounds: what nobody has tried is not promised.</summary>
    public required VersionSpecifier Versions { get; init; }

    /// <summary>The second number of each minor version, the oldest first.</summary>
    public required IReadOnlyList<int> Minors { get; init; }

    /// <summary>All that a specifier allows.</summary>
    /// <exception cref="MayflyException">That is none.</exception>
    public static PythonRange Of(VersionSpecifier versions) => Of(versions, [.. Enumerable.Range(Oldest, Newest - Oldest + 1)]);

    /// <summary>What a lock is for, also where it was named.</summary>
    /// <exception cref="MayflyException">That is no version that may be named.</exception>
    public static PythonRange OfLock(VersionSpecifier versions) => Of(versions, [.. Enumerable.Range(0, Furthest + 1)]);

    /// <summary>Reads what somebody typed.</summary>
    /// <param name="texts">Each minor versions with commas between them, <c>3.11,3.12</c>, or a specifier, <c>&gt;=3.9,&lt;3.13</c>.</param>
    /// <param name="within">What a project's <c>requires-python</c> says.</param>
    /// <exception cref="MayflyException">It is neither, or nothing is left.</exception>
    public static PythonRange Parse(IReadOnlyList<string> texts, VersionSpecifier within)
    {
        var specifiers = texts.Where(static text => text.AsSpan().TrimStart().IndexOfAny("<>=!~") == 0).ToArray();
        int[] minors = [.. texts.Except(specifiers).SelectMany(static text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Select(static text => MinorVersion().Match(text) is { Success: true } match
            ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : throw new MayflyException($"'{text}' is no minor version of Python 3", "name them as 3.11,3.12, or a range: '>=3.9,<3.13'")).Distinct().Order()];
        if (minors.FirstOrDefault(static minor => minor > Furthest) is > 0 and var far)
            throw new MayflyException($"Python 3.{far} is not known, and will not be for years", $"name others; the newest one that projects commonly have wheels for is 3.{Newest}");
        var versions = VersionSpecifier.Of([.. within.Clauses, .. specifiers.SelectMany(static text => VersionSpecifier.Parse(text).Clauses)]);
        if (minors is [])
            return Of(versions);
        var holes = Enumerable.Range(minors[0], minors[^1] - minors[0]).Except(minors).Select(static minor => $"!=3.{minor}.*");
        return Of(VersionSpecifier.Of([.. VersionSpecifier.Parse(string.Join(',', [$">=3.{minors[0]}", .. holes, $"<3.{minors[^1] + 1}"])).Clauses, .. versions.Clauses]), minors);
    }

    /// <summary>A version for each part of the range within which all are alike, as far as is known; the oldest first.</summary>
    public IEnumerable<PythonVersion> Parts(PythonThresholds thresholds)
    {
        thresholds.Add(Versions);
        return Minors.SelectMany(thresholds.Of).Where(version => Versions.Allows(version));
    }

    public override string ToString() => Versions.ToString();

    private static PythonRange Of(VersionSpecifier versions, IReadOnlyList<int> minors)
    {
        var thresholds = new PythonThresholds();
        thresholds.Add(versions);
        int[] allowed = [.. minors.Where(minor => thresholds.Of(minor).Any(version => versions.Allows(version)))];
        if (allowed is [])
            throw new MayflyException($"no version of Python is left by {versions}", "name others with --python-version, or change requires-python in pyproject.toml");
        var clauses = VersionSpecifier.Parse($">=3.{allowed[0]},<3.{allowed[^1] + 1}").Clauses.Concat(versions.Clauses).Distinct()
            .OrderBy(static clause => clause.Operator switch { SpecifierOperator.AtLeast or SpecifierOperator.Later => 0, SpecifierOperator.AtMost or SpecifierOperator.Earlier => 2, _ => 1 }).ToList();
        // What follows from the others need not be said, such as >=3.8 beside >=3.9.
        PythonVersion[] all = [.. Enumerable.Range(0, allowed[^1] + 2).SelectMany(thresholds.Of), PythonVersion.Parse("4")];
        foreach (var clause in clauses.ToArray())
        {
            var others = VersionSpecifier.Of([.. clauses.Where(one => one != clause)]);
            if (all.All(version => !others.Allows(version) || clause.Allows(version)))
                clauses.Remove(clause);
        }

        return new PythonRange { Versions = VersionSpecifier.Of(clauses), Minors = allowed };
    }

    [GeneratedRegex(@"^3\.(\d{1,3})$")]
    private static partial Regex MinorVersion();
}
