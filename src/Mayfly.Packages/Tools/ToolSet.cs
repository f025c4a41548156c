using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tools;

/// <summary>
/// The helper programs that Mayfly brings itself, by full path: small shell scripts that run them with their own libraries, so that
/// they work on a host of any kind.
/// </summary>
/// <remarks>
/// Keeps <c>tools/&lt;key&gt;/root</c>, one merged tree of what the lock's set <c>tools</c> has below bin, sbin and lib (no script of a package is run), and
/// <c>tools/&lt;key&gt;/bin</c>, the scripts. The key is the hash of the packages' hashes, so another lock never changes a tree that
/// something runs from. Why not patch the programs' interpreter: the archive's bytes stay what was verified, as hard links into the store.
/// </remarks>
/// <param name="Crun">The OCI runtime.</param>
/// <param name="Conmon">The monitor that is each container's parent.</param>
/// <param name="Nft">nftables.</param>
public sealed record ToolSet(string Crun, string Conmon, string Nft)
{
    /// <summary>The set's name in a lock.</summary>
    public const string SetName = "tools";

    /// <summary>Part of every key: a change of the layout makes new trees.</summary>
    private const string Layout = "tools 1";

    private static readonly (string Program, string Path)[] Programs =
        [("crun", "usr/bin/crun"), ("conmon", "usr/bin/conmon"), ("nft", "usr/sbin/nft")];

    /// <summary>What to resolve for them; it stands alone, because it shares nothing with any image.</summary>
    public static SetRequest Request { get; } = new(SetName, ["conmon", "crun", "nftables"]) { OverBase = false };

    /// <summary>The tools of this lock, or null when the store does not hold them yet.</summary>
    public static ToolSet? Find(Store store, StackLock stackLock) =>
        PackagesOf(stackLock) is { Count: > 0 } packages && store.Has(StoreArea.Tools, Key(packages)) ? In(store.PathOf(StoreArea.Tools, Key(packages))) : null;

    /// <summary>The newest tools of the store, of whatever lock: enough to look at what runs and to end it. Null when there are none.</summary>
    public static ToolSet? FindNewest(Store store) =>
        new DirectoryInfo(store.Folder(StoreArea.Tools)).EnumerateDirectories().MaxBy(static folder => folder.LastWriteTimeUtc) is { } newest ? In(newest.FullName) : null;

    /// <summary>The tools of this lock, put together when the store does not hold them yet. Their packages must have been fetched.</summary>
    public static async Task<ToolSet> EnsureAsync(Store store, StackLock stackLock, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        if (Find(store, stackLock) is { } found)
            return found;
        var packages = PackagesOf(stackLock);
        if (packages.Count == 0)
            throw new MayflyException("the lock has no set of tools", "remove stack.lock, and `mayfly lock` makes it anew");
        var unpacked = await Unpack.AllAsync(store, packages, progress, cancellationToken).ConfigureAwait(false);
        var folder = store.PathOf(StoreArea.Tools, Key(packages));
        using var work = store.BeginWork("tools");
        var built = Path.Combine(work.Path, "tools");
        var tree = new ToolTree(Path.Combine(built, "root"));
        foreach (var (package, files) in packages.Zip(unpacked))
            tree.Add(package.Id, files);
        WriteScripts(built, folder, stackLock.Architecture);
        store.Commit(built, StoreArea.Tools, Path.GetFileName(folder));
        return In(folder);
    }

    private static List<LockedPackage> PackagesOf(StackLock stackLock)
    {
        var ids = (stackLock.Sets.FirstOrDefault(static set => set.Name == SetName)?.Stages ?? []).SelectMany(static stage => stage.Packages).ToHashSet();
        return [.. stackLock.Packages.Where(package => ids.Contains(package.Id))];
    }

    private static string Key(List<LockedPackage> packages) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(
        string.Join('\n', packages.Select(static package => package.Sha256).Order(StringComparer.Ordinal).Prepend(Layout)))));

    private static ToolSet In(string folder) =>
        new($"{folder}/bin/crun", $"{folder}/bin/conmon", $"{folder}/bin/nft");

    private static void WriteScripts(string built, string final, string architecture)
    {
        // deb-multiarch's triplet and the loader's name of the psABI.
        var (triplet, loader) = architecture switch
        {
            "amd64" => ("x86_64-linux-gnu", "usr/lib64/ld-linux-x86-64.so.2"),
            "arm64" => ("aarch64-linux-gnu", "usr/lib/ld-linux-aarch64.so.1"),
            _ => throw new MayflyException($"Mayfly brings no tools for {architecture}", "instances run on amd64 and arm64"),
        };
        Directory.CreateDirectory(Path.Combine(built, "bin"));
        foreach (var (program, path) in Programs)
        {
            foreach (var needed in (ReadOnlySpan<string>)[path, loader])
            {
                if (!File.Exists(Path.Combine(built, "root", needed)))
                    throw new MayflyException($"the tool packages hold no {needed}", "remove stack.lock, and `mayfly lock` makes it anew");
            }

            var script = Path.Combine(built, "bin", program);
            File.WriteAllText(script, $"""
                #!/bin/sh
                root={Quoted(final + "/root")}
                exec "$root/{loader}" --library-path "$root/usr/lib/{triplet}:$root/usr/lib" "$root/{path}" "$@"

                """);
            File.SetUnixFileMode(script, (UnixFileMode)0x1ED /* 0755 */);
        }
    }

    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
