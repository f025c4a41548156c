using System.Globalization;
using Mayfly.Linux;

namespace Mayfly.Machines.Local;

/// <summary>The users and groups of an image, by its own /etc/passwd and /etc/group.</summary>
internal sealed class ImageNames(string passwd, string group)
{
    private readonly string[][] _users = Parse(passwd, 7), _groups = Parse(group, 4);

    /// <summary>Reads them through the layers.</summary>
    /// <param name="trees">The layers' trees, lowest first.</param>
    public static ImageNames Read(IReadOnlyList<string> trees) => new(ReadFile(trees, "etc/passwd"), ReadFile(trees, "etc/group"));

    /// <summary>The user with its own group, all groups that name it, and its home.</summary>
    /// <exception cref="MayflyException">The image has no such user.</exception>
    public ImageUser User(string name, string subject)
    {
        if (_users.FirstOrDefault(user => user[0] == name) is { } found)
        {
            var own = Number(found[3]);
            return new ImageUser(name, Number(found[2]), own, [.. _groups.Where(group => group[3].Split(',').Contains(name)).Select(group => Number(group[2])).Where(id => id != own).Distinct()], found[5]);
        }

        // An image without /etc/passwd still has the superuser.
        return name == "root"
            ? new ImageUser("root", 0, 0, [], "/root")
            : throw new MayflyException($"{subject}: the image has no user '{name}'", "name a user that one of its packages creates, or create it with a build command (useradd --system)");
    }

    /// <summary>The numbers of <c>user:group</c>, <c>user</c> (with its own group), or of numbers in their place.</summary>
    public (int User, int Group) Owner(string owner, string subject)
    {
        var parts = owner.Split(':', 2);
        int user, group;
        if (int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            (user, group) = (number, number);
        else
            (user, group) = User(parts[0], subject) is var found ? (found.Id, found.Group) : default;
        if (parts.Length == 1)
            return (user, group);
        if (int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out number))
            return (user, number);
        return _groups.FirstOrDefault(candidate => candidate[0] == parts[1]) is { } named
            ? (user, Number(named[2]))
            : parts[1] == "root" ? (user, 0)
            : throw new MayflyException($"{subject}: the image has no group '{parts[1]}'", "name a group that one of its packages creates, or create it with a build command (groupadd --system)");
    }

    private static string ReadFile(IReadOnlyList<string> trees, string path) =>
        LayeredTree.Find(trees, path) is { } found && Nodes.Find(found) is { Kind: NodeKind.File } ? File.ReadAllText(found) : "";

    private static string[][] Parse(string file, int fields) =>
        [.. file.Split('\n').Select(line => line.Split(':')).Where(line => line.Length == fields && int.TryParse(line[2], out _))];

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>A user of an image.</summary>
/// <param name="Groups">Its further groups.</param>
internal sealed record ImageUser(string Name, int Id, int Group, IReadOnlyList<int> Groups, string Home);
