using System.Text;
using Mayfly.Images.Layers;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Debian;

namespace Mayfly.Images;

/// <summary>What differs between two images of a store: packages by version, and names in their trees. Times do not count.</summary>
/// <param name="Packages">By package and architecture, sorted.</param>
/// <param name="Names">By path, sorted.</param>
public sealed record ImageDifference(IReadOnlyList<PackageDifference> Packages, IReadOnlyList<NameDifference> Names)
{
    /// <summary>Compares; the trees are only read. Needs root, because only it sees what a layer hides of those below.</summary>
    public static ImageDifference Between(Store store, Image before, Image after, CancellationToken cancellationToken = default)
    {
        if (!Environment.IsPrivilegedProcess)
            throw new MayflyException("comparing images needs root", "run the same command with sudo");
        var images = new ImageStore(store);
        var (one, other) = (images.LayerFolders(before), images.LayerFolders(after));
        var names = new List<NameDifference>();
        Compare(MergedTree.Of(one), MergedTree.Of(other), "", names, cancellationToken);
        return new ImageDifference(ComparePackages(Installed(one), Installed(other)), names);
    }

    private static void Compare(MergedTree before, MergedTree after, string path, List<NameDifference> found, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var name in before.Children.Keys.Union(after.Children.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var full = $"{path}/{name}";
            var (old, now) = (before.Children.GetValueOrDefault(name), after.Children.GetValueOrDefault(name));
            if (old is null)
            {
                // All below it is new too: one line says it.
                found.Add(new NameDifference(full, "added"));
            }
            else if (now is null)
            {
                found.Add(new NameDifference(full, "removed"));
            }
            else
            {
                if (Differ(old, now) is { Length: > 0 } what)
                    found.Add(new NameDifference(full, what));
                Compare(old, now, full, found, cancellationToken);
            }
        }
    }

    private static string Differ(MergedTree old, MergedTree now)
    {
        if (old.Real == now.Real)
            return "";
        var (before, after) = (old.Node, now.Node);
        if (before.Kind != after.Kind)
            return "kind";
        var what = new List<string>();
        if (before.Mode != after.Mode && before.Kind != NodeKind.Link)
            what.Add("mode");
        if ((before.User, before.Group) != (after.User, after.Group))
            what.Add("owner");
        if (before.Kind switch
        {
            NodeKind.File => before.Size != after.Size || !SameContents(old.Real, now.Real),
            NodeKind.Link => Nodes.ReadLink(old.Real) != Nodes.ReadLink(now.Real),
            NodeKind.CharacterDevice or NodeKind.BlockDevice => (before.DeviceMajor, before.DeviceMinor) != (after.DeviceMajor, after.DeviceMinor),
            _ => false,
        })
        {
            what.Add(before.Kind == NodeKind.Link ? "target" : "contents");
        }

        return string.Join(", ", what);
    }

    private static bool SameContents(string one, string other)
    {
        const int Chunk = 1 << 16;
        using var first = File.OpenHandle(one);
        using var second = File.OpenHandle(other);
        byte[] left = new byte[Chunk], right = new byte[Chunk];
        for (long at = 0; ;)
        {
            var read = RandomAccess.Read(first, left, at);
            if (read != RandomAccess.Read(second, right, at) || !left.AsSpan(0, read).SequenceEqual(right.AsSpan(0, read)))
                return false;
            if (read == 0)
                return true;
            at += read;
        }
    }

    private static List<PackageDifference> ComparePackages(Dictionary<string, string> before, Dictionary<string, string> after) =>
    [
        .. before.Keys.Union(after.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(id => new PackageDifference(id, before.GetValueOrDefault(id), after.GetValueOrDefault(id)))
            .Where(static difference => difference.Before != difference.After),
    ];

    /// <summary>The packages that dpkg's database lists, with their versions.</summary>
    private static Dictionary<string, string> Installed(IReadOnlyList<string> layers)
    {
        var installed = new Dictionary<string, string>(StringComparer.Ordinal);
        var reader = new ControlReader(new MemoryStream(Encoding.UTF8.GetBytes(new LayerView(layers).ReadText("var/lib/dpkg/status"))));
        for (var stanza = reader.Read(); !stanza.IsEmpty; stanza = reader.Read())
        {
            string name = "", architecture = "", version = "";
            var fields = new ControlFields(stanza);
            while (fields.MoveNext())
            {
                if (fields.Is("Package"u8))
                    name = Encoding.UTF8.GetString(fields.Value);
                else if (fields.Is("Architecture"u8))
                    architecture = Encoding.UTF8.GetString(fields.Value);
                else if (fields.Is("Version"u8))
                    version = Encoding.UTF8.GetString(fields.Value);
            }

            installed[$"{name}:{architecture}"] = version;
        }

        return installed;
    }
}

/// <param name="Package"><c>name:architecture</c>.</param>
/// <param name="Before">Null when only the later image has it.</param>
/// <param name="After">Null when only the earlier one has it.</param>
public sealed record PackageDifference(string Package, string? Before, string? After);

/// <param name="Path">From the image's root.</param>
/// <param name="What"><c>added</c>, <c>removed</c>, or what changed: <c>contents</c>, <c>mode</c>, <c>owner</c>, <c>target</c>, <c>kind</c>.</param>
public sealed record NameDifference(string Path, string What);
