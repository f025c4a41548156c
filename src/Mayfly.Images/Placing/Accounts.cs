using System.Globalization;
using Mayfly.Packages;

namespace Mayfly.Images.Placing;

/// <summary>The users and groups that an image knows, from its own <c>/etc/passwd</c> and <c>/etc/group</c>.</summary>
internal sealed class Accounts
{
    public static readonly Accounts None = new([], []);

    private readonly Dictionary<string, int> _users;
    private readonly Dictionary<string, int> _groups;

    private Accounts(Dictionary<string, int> users, Dictionary<string, int> groups) => (_users, _groups) = (users, groups);

    public IReadOnlyDictionary<string, int> Users => _users;

    public IReadOnlyDictionary<string, int> Groups => _groups;

    public static Accounts Parse(string passwd, string group) => new(Table(passwd), Table(group));

    /// <summary>Those that others lack.</summary>
    public IReadOnlyList<LockedId> Except(Accounts others) =>
    [
        .. Users.Where(user => others.FindUser(user.Key) is null).Select(static user => new LockedId(user.Key, LockedIdKind.User, user.Value)),
        .. Groups.Where(group => others.FindGroup(group.Key) is null).Select(static group => new LockedId(group.Key, LockedIdKind.Group, group.Value)),
    ];

    public int? FindUser(string name) => _users.TryGetValue(name, out var id) ? id : null;

    public int? FindGroup(string name) => _groups.TryGetValue(name, out var id) ? id : null;

    /// <summary>Both files have the name first and the number third.</summary>
    private static Dictionary<string, int> Table(string text)
    {
        var table = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n'))
        {
            if (line.Split(':') is [{ Length: > 0 } name, _, var id, ..] && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                table.TryAdd(name, number);
        }

        return table;
    }
}
