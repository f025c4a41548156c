using System.Globalization;

namespace Mayfly.Images.Placing;

/// <summary>dpkg's file <c>statoverride</c>: owner, group, mode and path a line; it stands over what a package says.</summary>
internal sealed class StatOverrides
{
    public static readonly StatOverrides None = new([]);

    private readonly Dictionary<string, (string User, string Group, int Mode)> _byPath;

    private StatOverrides(Dictionary<string, (string User, string Group, int Mode)> byPath) => _byPath = byPath;

    public static StatOverrides Parse(string text)
    {
        var byPath = new Dictionary<string, (string, string, int)>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(' ', 4) is [var user, var group, var mode, var path])
                byPath[path.TrimStart('/')] = (user, group, Convert.ToInt32(mode, 8));
        }

        return new StatOverrides(byPath);
    }

    public bool TryFind(string path, Accounts accounts, out int user, out int group, out int mode)
    {
        (user, group, mode) = (0, 0, 0);
        if (!_byPath.TryGetValue(path, out var found))
            return false;
        user = Id(found.User, accounts.FindUser, "user", path);
        group = Id(found.Group, accounts.FindGroup, "group", path);
        mode = found.Mode;
        return true;
    }

    /// <summary>dpkg writes <c>#7</c> for numbers.</summary>
    private static int Id(string name, Func<string, int?> find, string kind, string path) =>
        name.StartsWith('#') && int.TryParse(name.AsSpan(1), CultureInfo.InvariantCulture, out var number) ? number
        : find(name) ?? throw new MayflyException($"the override for /{path} names the {kind} {name}, which the image does not have",
            "a package or file step wrote it into /var/lib/dpkg/statoverride; create that account first");
}
