using Mayfly.Images.Building;
using Mayfly.Images.Layers;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Images;

/// <summary>What an instance makes for itself when it starts for the first time, because its image leaves it out: see <see cref="LeftOut"/>.</summary>
/// <remarks>
/// The packages' own programs make it, in a root like that of a build: without network, seen by nobody, over the image's layers. Only what
/// the table names is taken from there, with the folders on the way, as a tree that lies over the image's layers and below what
/// the instance writes.
/// </remarks>
public sealed class FirstStart(Store store)
{
    private readonly LayerStore _layers = new(store);

    /// <summary>What of the table these layers leave out and no layer above brings.</summary>
    /// <param name="layers">The layers' keys, lowest first.</param>
    public IReadOnlyList<LeftOut> Missing(IReadOnlyList<string> layers)
    {
        var names = layers.SelectMany(key => _layers.Find(key)?.LeftOut ?? []).ToHashSet(StringComparer.Ordinal);
        if (names.Count == 0)
            return [];
        string[] trees = [.. layers.Select(_layers.TreeOf)];
        return [.. LeftOut.Table.Where(thing => names.Contains(thing.Name) && Lacks(thing) && !(thing.Unless is { } other && IsThere(other)))];

        bool Lacks(LeftOut thing) => thing.Before is null ? !IsThere(thing.Sign)
            : Files(thing.Sign).Any(file => Nodes.Read(file).Kind == NodeKind.File && File.ReadAllText(file, System.Text.Encoding.Latin1).Contains(thing.Placeholder, StringComparison.Ordinal));

        bool IsThere(string pattern) => Files(pattern).Any(static file => Nodes.Read(file) is not { Kind: NodeKind.File, Size: 0 });

        IEnumerable<string> Files(string pattern) => trees.SelectMany(tree => LayerCleaning.Matching(tree, pattern).Select(path => path[(tree.Length + 1)..])).Distinct(StringComparer.Ordinal)
            .Select(path => LayerTree.Find(trees, path)).OfType<string>();
    }

    /// <summary>A shell script that makes what is missing of these, for those who run an image without Mayfly; empty when there is nothing to make.</summary>
    /// <param name="names">Of <see cref="LeftOut.Table"/>.</param>
    public static string ScriptFor(IEnumerable<string> names)
    {
        var lines = string.Concat(LeftOut.Table.Where(thing => names.Contains(thing.Name)).Select(static thing =>
            $"if {Lacks(thing)}{(thing.Unless is { } other ? $" && ! test -e /{other}" : "")}; then ( {thing.Script} ); fi\n"));
        return lines.Length == 0 ? "" : $"set -e\n{lines}";

        static string Lacks(LeftOut thing) => thing.Before is null ? $"! test -s /{thing.Sign}" : $"grep -qsF {thing.Placeholder} /{thing.Sign}";
    }

    /// <summary>Makes these things, in a new folder of <paramref name="work"/>, whose path it gives.</summary>
    /// <param name="things">From <see cref="Missing"/>.</param>
    /// <param name="layers">The layers' keys, lowest first.</param>
    /// <param name="hostName">The instance's name, which certificates and comments of keys bear.</param>
    /// <param name="domain">Where that is a name.</param>
    /// <param name="work">An empty folder on the store's file system.</param>
    /// <param name="cancellationToken">Ends what runs.</param>
    public string Make(IReadOnlyList<LeftOut> things, IReadOnlyList<string> layers, string hostName, string domain, string work, CancellationToken cancellationToken)
    {
        string[] trees = [.. layers.Select(_layers.TreeOf)];
        using var root = new BuildRoot(work, hostName);
        var upper = root.Mount(trees);
        string[] secrets = [.. root.Run(() => things.Where(static thing => thing.Before is not null).SelectMany(thing => LayerCleaning.Holding(root.Root, thing, thing.Placeholder)).ToArray())];
        // hostname(1) looks for the full name in this file, which is not taken from there.
        root.Run(() => File.WriteAllText(RootPath.Resolve(root.Root, "etc/hosts"), $"127.0.0.1 {hostName}.{domain} {hostName} localhost\n"));
        // Databases take longest, and need nothing of the rest, which is made in the table's order: dbus reads the machine's id, and debconf is for one at a time.
        var databases = Task.WhenAll(things.Where(static thing => thing.IsDatabase).Select(thing => Task.Run(() => Run(thing), CancellationToken.None)));
        try
        {
            foreach (var thing in things.Where(static thing => !thing.IsDatabase))
                Run(thing);
        }
        finally
        {
            Task.WaitAny(databases);
        }

        databases.GetAwaiter().GetResult();
        root.Unmount();
        var own = root.NewFolder("own");
        return root.Run(() =>
        {
            foreach (var path in things.Where(static thing => thing.Before is null).SelectMany(thing => Made(upper, thing)).Select(path => path[(upper.Length + 1)..]).Concat(secrets.Where(path => Nodes.Find($"{upper}/{path}") is not null)).Distinct().ToArray())
                LayerTree.Move(upper, own, path);
            LayerTree.Tidy(own, LayerTree.Signs(own), trees);
            LayerTree.CopyFacts(upper, own);
            return own;
        });

        void Run(LeftOut thing)
        {
            var result = root.Start(["/bin/sh", "-ec", $"umask 022; {thing.Script}"], ScriptEnvironment.ForPackages, null, cancellationToken);
            if (result.ExitCode != 0)
            {
                throw new MayflyException($"{thing.Name} cannot be made for the first start of {hostName}: '{thing.Script}' ended with exit code {result.ExitCode}; it printed:\n{result.Output}",
                    "the lines above are the program's own; a step of the image may have taken away what it needs");
            }
        }
    }

    private static IEnumerable<string> Made(string tree, LeftOut thing)
    {
        var made = thing.Paths.SelectMany(pattern => LayerCleaning.Matching(tree, pattern));
        return thing.LinkFolder is { } links ? made.Concat(LayerCleaning.LinksTo(tree, links, Path.GetFileName(thing.Paths[^1]))) : made;
    }
}
