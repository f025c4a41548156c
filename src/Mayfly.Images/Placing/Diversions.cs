namespace Mayfly.Images.Placing;

/// <summary>dpkg's file <c>diversions</c>: three lines each, the name, where it goes instead, and who is exempt (<c>:</c> for nobody).</summary>
internal sealed class Diversions
{
    public static readonly Diversions None = new([]);

    private readonly Dictionary<string, (string To, string Package)> _byName;

    private Diversions(Dictionary<string, (string To, string Package)> byName) => _byName = byName;

    public static Diversions Parse(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var byName = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        for (var at = 0; at + 2 < lines.Length; at += 3)
            byName[lines[at].TrimStart('/')] = (lines[at + 1].TrimStart('/'), lines[at + 2]);
        return new Diversions(byName);
    }

    /// <summary>Where a package's file really goes.</summary>
    public string Apply(string path, string package) =>
        _byName.TryGetValue(path, out var diversion) && diversion.Package != package ? diversion.To : path;
}
