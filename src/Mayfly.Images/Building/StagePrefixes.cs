using Mayfly.Images.Dpkg;
using Mayfly.Images.Layers;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Images.Building;

/// <summary>Where an installation of packages can begin, and what it leaves for others to begin over.</summary>
/// <param name="store">What earlier builds left.</param>
/// <param name="table">The ids that scripts are given.</param>
internal sealed class StagePrefixes(PrefixStore store, IReadOnlyList<LockedId> table)
{
    /// <summary>How many of a layer's stages the store has configured, as many as can be, and what they came to, lowest first.</summary>
    public (int Count, IReadOnlyList<Prefix> Prefixes) Find(IReadOnlyList<DpkgStage> stages)
    {
        for (var count = stages.Count - 1; count > 0; count--)
        {
            if (stages[count - 1].Inputs is { } inputs && store.Find(inputs, table) is { Count: > 0 } found)
                return (count, found);
        }

        return (0, []);
    }

    /// <summary>Moves what the stages came to that an installation kept apart into folders that the store can take in; each names the one before.</summary>
    /// <param name="install">It has ended, and its trees are needed no more.</param>
    /// <param name="compilation">Of its Python files; it has ended too.</param>
    /// <param name="below">The trees of the layers below.</param>
    /// <param name="before">What it began over.</param>
    /// <param name="work">Where to put the folders.</param>
    public IReadOnlyList<MadePrefix> Keep(PackageInstall install, ByteCompilation compilation, IReadOnlyList<string> below, IReadOnlyList<Prefix> before, string work)
    {
        var made = new List<MadePrefix>();
        var trees = before.SelectMany(static prefix => prefix.Trees).ToList();
        var over = before.LastOrDefault()?.Record.Key;
        foreach (var stages in install.Kept)
        {
            var folder = $"{work}/prefix-{made.Count}";
            Nodes.MakeDirectory(folder, 0x1c0);
            PrefixPart[] parts = [.. stages.Trees.Select((tree, at) => new PrefixPart(Moved(tree, $"tree-{at}"), install.Written.Contains(tree)))];
            trees.AddRange(parts.Select(part => $"{folder}/{part.Name}"));
            PrefixCompiled[] compiled =
            [
                .. compilation.Compiled(stages.Compilation).GroupBy(static command => command.Folder, StringComparer.Ordinal)
                    .SelectMany((group, at) => Compiled(group, Moved(group.Key, $"compiled-{at}"))),
            ];
            var ids = new LayerView([.. below, .. trees]).ReadAccounts().Except(new LayerView(below).ReadAccounts());
            var record = new PrefixRecord
            {
                Key = IdTable.KeyOf(stages.Inputs, ids),
                Over = over,
                Packages = stages.Packages,
                Parts = parts,
                Ids = ids,
                Tables = [IdTable.Fingerprint(table)],
                Asked = stages.Compilation.Asked,
                Compiled = compiled,
            };
            made.Add(new MadePrefix(folder, record));
            PrefixStore.Complete(made[^1]);
            over = record.Key;

            string Moved(string from, string name)
            {
                Files.Rename(from, $"{folder}/{name}");
                return name;
            }
        }

        return made;

        static IEnumerable<PrefixCompiled> Compiled(IEnumerable<(IReadOnlyList<string> Command, string Folder, IReadOnlyList<string> Files)> commands, string folder) =>
            commands.Select(command => new PrefixCompiled(command.Command, folder, command.Files));
    }
}
