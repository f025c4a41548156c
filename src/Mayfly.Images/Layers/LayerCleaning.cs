using System.Globalization;
using System.Security.Cryptography;
using Mayfly.Linux;

namespace Mayfly.Images.Layers;

/// <summary>
/// Takes out of a finished layer what a build leaves behind and what differs from build to build, so that one lock gives one
/// digest and an image holds no key or identity that all its instances would share.
/// </summary>
internal static class LayerCleaning
{
    /// <summary>Left behind by the programs that install; each is made again where it is needed.</summary>
    private static readonly string[] Traces =
    [
        "var/log/dpkg.log", "var/log/alternatives.log", "var/log/bootstrap.log", "var/log/apt/*", "var/log/munin/munin-node-configure.log", "var/log/redmine/*/*.log",
        "var/lib/texmf/web2c/updmap.log", "var/lib/texmf/web2c/*/*.log",
        "var/cache/apt/*.bin", "var/cache/apt/archives/*.deb", "var/cache/apt/archives/lock", "var/cache/ldconfig/aux-cache",
        "var/cache/debconf/*-old", "var/lib/apt/lists/lock", "var/lib/dpkg/status-old", "var/lib/dpkg/available",
        "var/lib/systemd/random-seed", "var/lib/cfengine3/randseed", "var/lib/cfengine3/state/*-lock",
        "tmp/*", "var/tmp/*", "root/.rnd",
    ];

    private const int ShortestSecret = 12;

    /// <param name="tree">The layer's own tree, complete.</param>
    /// <param name="epoch">No date in it may be later than this second.</param>
    /// <param name="ofPackages">Also what packages' scripts make by chance; what a recipe's own commands make stays.</param>
    /// <returns>The names of what was generated for one machine alone and is left out: <see cref="LeftOut.Table"/>.</returns>
    public static IReadOnlyList<string> Clean(string tree, long epoch, bool ofPackages)
    {
        foreach (var pattern in Traces)
            Remove(tree, pattern);
        if (ofPackages)
            SettledFiles.Settle(tree, epoch);
        ClearRun($"{tree}/run");
        string[] leftOut = [.. LeftOut.Table.Where(thing => (ofPackages || thing.OfCommandsToo) && TakeOut(tree, thing)).Select(static thing => thing.Name)];
        LimitDays(tree, epoch);
        return leftOut;
    }

    /// <summary>Gives what scripts wrote, and the folders that they or packages put something into, the date of the lock, in the files that keep a time too: what runs over it sees the same on every day.</summary>
    /// <param name="tree">Written or placed, in overlayfs's form.</param>
    /// <param name="epoch">The date, in seconds since 1970.</param>
    /// <param name="isWritten">Scripts wrote it; else it was placed.</param>
    public static void Date(string tree, long epoch, bool isWritten)
    {
        if (!isWritten)
        {
            LayerTree.DatePlaced(tree, epoch);
            return;
        }

        SettledFiles.Settle(tree, epoch);
        LimitDays(tree, epoch);
        LayerTree.Date(tree, epoch, isWritten: true);
    }

    private static bool TakeOut(string tree, LeftOut thing)
    {
        if (thing.IsEmptied)
        {
            // mmdebstrap leaves the same.
            var file = $"{tree}/{thing.Paths[0]}";
            if (Nodes.Find(file) is not { Kind: NodeKind.File, Size: > 0 })
                return false;
            Replace(file, "");
            Files.ChangeMode(file, 0x1a4);
            return true;
        }

        var found = false;
        if (thing.Before is { } before)
        {
            foreach (var file in Matching(tree, thing.Sign).ToArray())
                found |= TakeOutSecret(tree, file, before, thing);
            return found;
        }

        foreach (var pattern in thing.Paths)
            found |= Remove(tree, pattern);
        foreach (var link in thing.LinkFolder is { } links ? LinksTo(tree, links, Path.GetFileName(thing.Paths[^1])) : [])
            File.Delete(link);
        return found;
    }

    private static bool TakeOutSecret(string tree, string file, string before, LeftOut thing)
    {
        var text = Nodes.Read(file).Kind == NodeKind.File ? Text(file) : "";
        var start = text.IndexOf(before, StringComparison.Ordinal) + before.Length;
        if (start < before.Length)
            return false;
        var end = text.IndexOf(before is [.., '\'' or '"'] ? before[^1] : '\n', start);
        // What chance makes is longer than what somebody may have chosen, which may stand anywhere.
        if (end - start < ShortestSecret || text[start..end] is var secret && secret == thing.Placeholder)
            return false;
        foreach (var path in Holding(tree, thing, secret).Select(path => $"{tree}/{path}").ToArray())
        {
            var old = Text(path);
            var changed = old.Replace(secret, thing.Placeholder, StringComparison.Ordinal);
            Replace(path, changed);
            // ucf(1) knows by a digest whether somebody has edited what it installed.
            foreach (var digests in Matching(tree, "var/lib/ucf/hashfile*").Where(static digests => Nodes.Read(digests).Kind == NodeKind.File))
                Replace(digests, Text(digests).Replace(Digest(old), Digest(changed), StringComparison.Ordinal));
        }

        return true;

        static string Digest(string text) => Convert.ToHexStringLower(MD5.HashData(System.Text.Encoding.Latin1.GetBytes(text)));
    }

    /// <summary>Where configuration holds a text: files that a thing names, those in /etc, and what ucf(1) keeps of them.</summary>
    public static IEnumerable<string> Holding(string tree, LeftOut thing, string text)
    {
        var everything = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        return ((IEnumerable<string>)[$"{tree}/etc", $"{tree}/var/lib/ucf/cache"]).Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "*", everything))
            .Concat(thing.Paths.SelectMany(pattern => Matching(tree, pattern))).Distinct(StringComparer.Ordinal)
            .Where(path => Nodes.Read(path).Kind == NodeKind.File && Text(path).Contains(text, StringComparison.Ordinal)).Select(path => path[(tree.Length + 1)..]);
    }

    private static string Text(string path) => File.ReadAllText(path, System.Text.Encoding.Latin1);

    /// <summary>Puts a new file with the same owner and mode in its place; the old one may be the store's own.</summary>
    public static void Replace(string path, string text) => Replace(path, System.Text.Encoding.Latin1.GetBytes(text));

    public static void Replace(string path, byte[] contents)
    {
        var node = Nodes.Read(path);
        var fresh = $"{path}.mayfly";
        File.WriteAllBytes(fresh, contents);
        Files.ChangeOwner(fresh, node.User, node.Group);
        Files.ChangeMode(fresh, node.Mode);
        Files.Rename(fresh, path);
    }

    /// <summary>
    /// The lines of <c>/etc/shells</c> as they stand when usrmerge is configured last: names below /usr follow the others. With the
    /// links made beforehand update-shells writes pairs.
    /// </summary>
    public static void OrderShells(string tree)
    {
        var path = $"{tree}/etc/shells";
        if (Nodes.Find(path) is not { Kind: NodeKind.File })
            return;
        var lines = File.ReadAllLines(path, System.Text.Encoding.Latin1);
        Replace(path, string.Concat(lines.OrderBy(static line => line.StartsWith("/usr/", StringComparison.Ordinal) ? 1 : 0).Select(static line => $"{line}\n")));
    }

    private static void LimitDays(string tree, long epoch)
    {
        foreach (var name in (ReadOnlySpan<string>)["etc/shadow", "etc/shadow-"])
            LimitDay($"{tree}/{name}", epoch / 86400);
    }

    /// <summary>The day of the last change of a password, shadow(5)'s third field, is the day of the build.</summary>
    private static void LimitDay(string path, long day)
    {
        if (Nodes.Find(path) is not { Kind: NodeKind.File })
            return;
        var lines = File.ReadAllLines(path, System.Text.Encoding.Latin1);
        for (var at = 0; at < lines.Length; at++)
        {
            var fields = lines[at].Split(':');
            if (fields.Length > 2 && long.TryParse(fields[2], CultureInfo.InvariantCulture, out var changed) && changed > day)
            {
                fields[2] = day.ToString(CultureInfo.InvariantCulture);
                lines[at] = string.Join(':', fields);
            }
        }

        Replace(path, string.Concat(lines.Select(static line => $"{line}\n")));
    }

    /// <summary>A tmpfs at run time; packages may count on <c>/run/lock</c> alone.</summary>
    private static void ClearRun(string path)
    {
        if (Nodes.Find(path) is not { Kind: NodeKind.Directory })
            return;
        foreach (var entry in Directory.EnumerateFileSystemEntries(path))
        {
            if (Path.GetFileName(entry) != "lock")
                RemoveMade(entry);
        }
    }

    /// <summary>The links in a folder that lead to just this.</summary>
    public static IEnumerable<string> LinksTo(string tree, string folder, string target) => Nodes.Find($"{tree}/{folder}") is not { Kind: NodeKind.Directory } ? []
        : Directory.GetFileSystemEntries($"{tree}/{folder}").Where(entry => Nodes.Read(entry).Kind == NodeKind.Link && Nodes.ReadLink(entry) == target);

    /// <param name="tree">Where the pattern begins.</param>
    /// <param name="pattern">A path below it; <c>*</c> in a part stands for any characters.</param>
    /// <returns>True when there was something.</returns>
    private static bool Remove(string tree, string pattern)
    {
        var found = false;
        foreach (var path in Matching(tree, pattern))
            found |= RemoveMade(path);
        return found;
    }

    /// <summary>What of a tree a pattern means; <c>*</c> in a part stands for any characters. No link is followed.</summary>
    public static IEnumerable<string> Matching(string tree, string pattern)
    {
        var slash = pattern.IndexOf('/');
        var part = slash < 0 ? pattern : pattern[..slash];
        if (Nodes.Find(tree) is not { Kind: NodeKind.Directory })
            return [];
        if (slash >= 0 && !part.Contains('*'))
            return Matching($"{tree}/{part}", pattern[(slash + 1)..]);
        var entries = Directory.GetFileSystemEntries(tree, part);
        return slash < 0 ? entries : entries.SelectMany(entry => Matching(entry, pattern[(slash + 1)..]));
    }

    /// <summary>A whiteout hides what a lower layer has, and must stay.</summary>
    private static bool RemoveMade(string path)
    {
        if (Nodes.Read(path).IsWhiteout)
            return false;
        LayerTree.Remove(path);
        return true;
    }
}
