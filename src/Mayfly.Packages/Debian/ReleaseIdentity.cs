namespace Mayfly.Packages.Debian;

/// <summary>Who a Release file says it is. Like apt, Mayfly goes on trusting an archive only while that stays the same.</summary>
internal sealed record ReleaseIdentity(string Origin, string Label, string Suite, string Codename)
{
    public static ReleaseIdentity Of(LockedRelease release) => new(release.Origin, release.Label, release.Suite, release.Codename);

    /// <summary>What differs from before and may not, in words; null when nothing does.</summary>
    public string? Change(ReleaseIdentity before, string when)
    {
        string[] changes = [.. Changes([("Origin", before.Origin, Origin), ("Label", before.Label, Label), ("Codename", before.Codename, Codename)])];
        return changes.Length == 0 ? null : $"it was another archive {when}: {string.Join(", ", changes)}";
    }

    /// <summary>A release's Suite changes as it ages, which is told and no harm: bookworm was stable and became oldstable.</summary>
    public string? Ageing(ReleaseIdentity before, string when) =>
        before.Suite == Suite ? null : $"its Suite was {Shown(before.Suite)} {when} and is {Shown(Suite)} now; {Codename} stays {Codename}";

    private static IEnumerable<string> Changes((string Field, string Before, string Now)[] fields) =>
        fields.Where(static field => field.Before != field.Now).Select(static field => $"its {field.Field} was {Shown(field.Before)} and is {Shown(field.Now)} now");

    private static string Shown(string value) => value.Length == 0 ? "empty" : value;
}
