using System.Text.RegularExpressions;
using Mayfly.Images.Building;
using Mayfly.Images.Layers;
using Mayfly.Images.Placing;
using Mayfly.Linux;
using Mayfly.Packages.Debian;

namespace Mayfly.Images.Dpkg;

/// <summary>
/// Installs unpacked packages over layers, stage by stage: preinsts, placing, database, then one <c>dpkg --configure</c>; and at the end the triggers.
/// </summary>
/// <remarks>
/// A stage is placed whole before anything is configured, because apt does it so: a preinst may call what its Pre-Depends bring
/// (policy 6.5 and 7.2), and those are configured in an earlier stage. Triggers wait for the last call, as with apt. Over nothing (the first stage of a base) there is nothing that a preinst could run in: as debootstrap
/// and mmdebstrap do, everything is placed first, and base-passwd's preinst, which makes <c>/etc/passwd</c>, runs before the others.
/// A failure anywhere throws; the caller's work folder goes and with it everything that was done. Where an earlier build configured the same first stages, it
/// begins over those, and what it configures in its turn it leaves apart, stage by stage (<see cref="PrefixStore"/>); those trees are only read from then on, and what
/// scripts wrote in them is copied for the layer on another core meanwhile.
/// </remarks>
internal sealed partial class PackageInstall(BuildRoot root, ByteCompilation compilation, IReadOnlyList<string> below, IReadOnlyList<Prefix> before, IProgress<Activity>? progress, string activity)
{
    /// <summary>Links that a merged /usr has at the root's top; those that packages use are made.</summary>
    private static readonly string[] MergedFolders = ["bin", "lib", "lib32", "lib64", "libo32", "libx32", "sbin"];

    private const string Triggers = "Processing triggers for ";

    private readonly List<string> _layers = [.. below, .. before.SelectMany(static prefix => prefix.Trees)];
    private readonly List<string> _written = [.. before.SelectMany(static prefix => prefix.Written)];
    private readonly List<ConfiguredStages> _kept = [];
    private readonly List<KeptTree> _trees = [];
    private Task _copying = Task.CompletedTask;
    private IReadOnlyDictionary<string, string> _environment = ScriptEnvironment.ForPackages;
    private int _configured = before is [.., var last] ? last.Record.Packages : 0;
    private string _section = "";
    private int _total;

    /// <summary>As many packages must have been installed since the last time for stages to be kept apart.</summary>
    public required int WorthKeeping { get; init; }

    /// <summary>The layers made, lowest first; together they are what was installed.</summary>
    public IReadOnlyList<string> Made => _layers[below.Count..];

    /// <summary>Those of them that scripts wrote, through overlayfs.</summary>
    public IReadOnlyList<string> Written => _written;

    /// <summary>What others may begin over, lowest first; each over the one before.</summary>
    public IReadOnlyList<ConfiguredStages> Kept => _kept;

    /// <summary>A folder to copy what is kept into, and where it is merged into one tree.</summary>
    public required string Work { get; init; }

    /// <summary>Trees that are kept, lowest first, and what is to be merged in the place of those that scripts wrote: a copy.</summary>
    private sealed record KeptTree(string Tree, string? Copy);

    public void Run(IReadOnlyList<DpkgStage> stages, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Work);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Keep(before.SelectMany(static prefix => prefix.Record.Parts, static (prefix, part) => ($"{prefix.Folder}/{part.Name}", part.IsWritten)), ending.Token);
        try
        {
            Install(stages, ending.Token);
        }
        catch
        {
            ending.Cancel();
            throw;
        }
        finally
        {
            // Whatever happens, nothing may be made in the work folder afterwards.
            Task.WaitAny([_copying], CancellationToken.None);
        }

        _copying.GetAwaiter().GetResult();
    }

    /// <summary>All that was installed as one tree, of which nothing is kept; to be called once, when no script runs any more.</summary>
    public string Merge()
    {
        var merged = $"{Work}/merged";
        foreach (var kept in _trees)
        {
            // Only now do the store's files get another name: whoever reads one while it gets it sees a file that changes (tar(1) then fails).
            if (kept.Copy is { } copy)
                LayerTree.MergeInto(copy, merged);
            else
                LayerTree.MergeCopy(kept.Tree, merged, new TreeCopy(isWritten: false));
        }

        foreach (var tree in Made.Skip(_trees.Count))
            LayerTree.MergeInto(tree, merged);
        return merged;
    }

    /// <summary>Trees that are kept, and whether scripts wrote them: those are copied on another core while scripts go on over the trees themselves.</summary>
    private void Keep(IEnumerable<(string Tree, bool IsWritten)> trees, CancellationToken cancellationToken)
    {
        var (copying, from) = (_copying, _trees.Count);
        foreach (var (tree, isWritten) in trees)
            _trees.Add(new KeptTree(tree, isWritten ? $"{Work}/{_trees.Count}" : null));
        KeptTree[] written = [.. _trees.Skip(from).Where(static kept => kept.Copy is not null)];
        _copying = Task.Run(async () =>
        {
            await copying.ConfigureAwait(false);
            foreach (var kept in written)
            {
                cancellationToken.ThrowIfCancellationRequested();
                new TreeCopy(isWritten: true).Place(kept.Tree, kept.Copy!);
            }
        }, CancellationToken.None);
    }

    private void Install(IReadOnlyList<DpkgStage> stages, CancellationToken cancellationToken)
    {
        _total = _configured + stages.Sum(static stage => stage.Packages.Count);
        var (packages, kept, trees) = (_configured, _configured, _layers.Count);
        if (_layers.Count > 0)
            Mount();
        for (var at = 0; at < stages.Count; at++)
        {
            var stage = stages[at];
            _environment = ScriptEnvironment.ForInstalling(stage.Epoch);
            Stage(stage, last: at == stages.Count - 1, cancellationToken);
            packages += stage.Packages.Count;
            if (stage.Inputs is null || at == stages.Count - 1 || packages - kept < WorthKeeping)
                continue;
            Unmount();
            Date(_layers.Skip(trees), stage.Epoch);
            _kept.Add(new ConfiguredStages(stage.Inputs, packages, [.. _layers.Skip(trees)], compilation.Keep()));
            Keep(_kept[^1].Trees.Select(tree => (tree, _written.Contains(tree))), cancellationToken);
            (kept, trees) = (packages, _layers.Count);
            Mount();
        }

        Unmount();
        Date(_layers.Skip(trees), stages[^1].Epoch);
        if (compilation.Rest() is { Count: > 0 } commands)
            Compile(commands, cancellationToken);
    }

    /// <summary>From here on scripts see the times that they would see on any day; so what is kept tells none.</summary>
    private void Date(IEnumerable<string> trees, long epoch)
    {
        foreach (var tree in trees)
            root.Run(() => LayerCleaning.Date(tree, epoch, _written.Contains(tree)));
    }

    /// <summary>It finds the layers mounted, when there are any, and leaves them so: the next stage's preinsts run where this one was configured.</summary>
    private void Stage(DpkgStage stage, bool last, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (packages, first) = (stage.Packages, _layers.Count == 0);
        var placed = root.NewFolder("placed");
        if (first)
        {
            root.Run(() => PlaceFirst(packages, placed, cancellationToken));
            _layers.Add(placed);
            Mount();
            RunPreinsts([.. packages.OrderBy(static package => package.Name == "base-passwd" ? 0 : 1)], cancellationToken);
        }
        else
        {
            RunPreinsts(packages, cancellationToken);
            // Diversions, overrides and accounts as the preinsts left them.
            root.Run(() => PlaceOver(packages, placed, cancellationToken));
            Unmount();
            _layers.Add(placed);
            compilation.Begin(packages, _layers);
            Mount();
        }

        if (first)
            Configure(packages, "depends", cancellationToken);
        else if (stage.Configured.Count > 0)
            Configure(stage.Configured, "depends", cancellationToken, "--no-triggers");
        if (last || (!first && stage.Configured.Count == 0))
            Configure([], last ? "" : "depends", cancellationToken, "--pending");
    }

    /// <param name="noting">False for the work itself that scripts note elsewhere.</param>
    private void Mount(bool noting = true)
    {
        var upper = root.Mount(_layers, forPackages: true);
        _layers.Add(upper);
        _written.Add(upper);
        if (noting && root.NotesCompiling)
            ByteCompilation.Open(root);
    }

    private void Unmount()
    {
        if (root.NotesCompiling)
            compilation.Collect(root);
        root.Unmount();
    }

    private static void PlaceFirst(IReadOnlyList<DpkgPackage> packages, string layer, CancellationToken cancellationToken)
    {
        var placement = new Placement(new EmptyView(), Diversions.None, StatOverrides.None, Accounts.None, static () => InstalledFiles.None);
        // From bookworm on, these packages promise a merged /usr; later suites bring the links in base-files itself.
        if (packages.Any(static package => package.Name is "usrmerge" or "usr-is-merged"))
        {
            var used = packages.SelectMany(static package => package.Contents.Entries).Select(static entry => entry.Path.Split('/', 2)[0]).ToHashSet(StringComparer.Ordinal);
            placement.AddMergedFolders(MergedFolders.Where(used.Contains));
        }

        Place(placement, packages, DpkgDatabase.Read(layer), layer, cancellationToken);
    }

    private void PlaceOver(IReadOnlyList<DpkgPackage> packages, string layer, CancellationToken cancellationToken)
    {
        var database = DpkgDatabase.Read(root.Root);
        var diversions = database.ReadDiversions();
        var placement = new Placement(new FolderView(root.Root), diversions, database.ReadStatOverrides(), ReadAccounts(root.Root),
            () => database.ReadOwners((path, package) => Real(diversions, path, package)));
        Place(placement, packages, database, layer, cancellationToken);
    }

    private string Real(Diversions diversions, string path, string package)
    {
        var there = diversions.Apply(path, package);
        var slash = there.LastIndexOf('/');
        if (slash < 0)
            return there;
        var folder = RootPath.Resolve(root.Root, there[..slash]);
        return folder.Length == root.Root.Length ? there[(slash + 1)..] : $"{folder[(root.Root.Length + 1)..]}{there[slash..]}";
    }

    private static void Place(Placement placement, IReadOnlyList<DpkgPackage> packages, DpkgDatabase database, string layer, CancellationToken cancellationToken)
    {
        foreach (var package in packages)
            placement.Add(package.Contents);
        foreach (var folder in (ReadOnlySpan<string>)["info", "triggers", "updates", "alternatives", "parts"])
            placement.AddFolder($"{DpkgDatabase.Folder}/{folder}");
        TreeWriter.Write(placement.Names, layer, cancellationToken);
        database.Write(layer, packages, placement.Lost, placement.RealPath);
    }

    internal static Accounts ReadAccounts(string root)
    {
        return Accounts.Parse(Text("etc/passwd"), Text("etc/group"));

        string Text(string path) => RootPath.Resolve(root, path) is var real && File.Exists(real) ? File.ReadAllText(real) : "";
    }

    /// <summary>With the whole control area in <c>tmp.ci</c>, where debconf looks for the templates beside the running script.</summary>
    private void RunPreinsts(IReadOnlyList<DpkgPackage> packages, CancellationToken cancellationToken)
    {
        var folder = $"{root.Root}/{DpkgDatabase.Folder}/tmp.ci";
        var version = root.Run(() => DpkgDatabase.Read(root.Root).VersionOf("dpkg"));
        foreach (var package in packages)
        {
            if (!File.Exists(Path.Combine(package.Unpacked.ControlFolder, "preinst")))
                continue;
            progress?.Report(new Activity(activity, $"{package.Name} preinst") { Done = _configured, Total = _total });
            root.Run(() =>
            {
                Nodes.MakeDirectory(folder, 0x1ed);
                foreach (var member in Directory.EnumerateFiles(package.Unpacked.ControlFolder))
                    File.Copy(member, $"{folder}/{Path.GetFileName(member)}");
                Files.ChangeMode($"{folder}/preinst", 0x1ed);
            });
            var environment = new Dictionary<string, string>(_environment)
            {
                ["DPKG_MAINTSCRIPT_PACKAGE"] = package.Name,
                ["DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT"] = "1",
                ["DPKG_MAINTSCRIPT_ARCH"] = package.Architecture,
                ["DPKG_MAINTSCRIPT_NAME"] = "preinst",
                ["DPKG_MAINTSCRIPT_DEBUG"] = "0",
                ["DPKG_RUNNING_VERSION"] = version,
                ["DPKG_ADMINDIR"] = $"/{DpkgDatabase.Folder}",
                ["DPKG_FORCE"] = "security-mac,downgrade",
                ["DPKG_ROOT"] = "",
            };
            var result = root.Start([$"/{DpkgDatabase.Folder}/tmp.ci/preinst", "install"], environment, null, cancellationToken);
            if (result.ExitCode != 0)
                throw ScriptFailed(package.Name, "preinst", result, result.Call.Arguments);
            root.Run(() => Directory.Delete(folder, recursive: true));
        }
    }

    /// <param name="packages">In this order; none with the option <c>--pending</c>.</param>
    /// <param name="force">Before the last call a cycle of dependencies may not be complete; apt forces the same (dpkg would refuse the batch).</param>
    private void Configure(IReadOnlyList<DpkgPackage> packages, string force, CancellationToken cancellationToken, params IReadOnlyList<string> options)
    {
        // It ends with the first failure, for the whole tree goes with it.
        force = force.Length > 0 ? $"confdef,confold,{force}" : "confdef,confold";
        IReadOnlyList<string> command = ["/usr/bin/dpkg", "--abort-after=1", $"--force-{force}", "--configure", .. options, .. packages.Select(static package => package.MultiArchSame || (package.Architecture != "all" && package.Architecture != HostArchitecture.Name) ? $"{package.Name}:{package.Architecture}" : package.Name)];
        var result = root.Start(command, _environment, Follow, cancellationToken);
        if (result.ExitCode == 0)
            return;
        // What other packages said before is of no interest here.
        if (_section.Length > 0 && result.Output.LastIndexOf($"{_section}\n", StringComparison.Ordinal) is var own and > 0)
            result = result with { Output = result.Output[own..] };
        var (failed, trigger) = (Failed().Match(result.Output), _section.StartsWith(Triggers, StringComparison.Ordinal));
        IReadOnlyList<string> again = ["dpkg", $"--force-{force}", "--configure", trigger || !failed.Success ? "--pending" : failed.Groups[1].Value];
        throw failed.Success
            ? ScriptFailed(failed.Groups[1].Value, trigger ? "trigger" : "configuration", result, again, anew: trigger)
            : new ScriptFailure($"dpkg ended with exit code {result.ExitCode} while it configured packages:\n{result.Output}",
                "nothing was changed; the lines above are dpkg's own and say what it missed", "dpkg", result.Call, again, anew: true);
    }

    private void Compile(IReadOnlyList<IReadOnlyList<string>> commands, CancellationToken cancellationToken)
    {
        Mount(noting: false);
        foreach (var command in commands)
        {
            var result = root.Start(command, ScriptEnvironment.ForPackages, null, cancellationToken);
            if (result.ExitCode != 0)
            {
                throw new MayflyException($"byte-compiling Python files failed (exit code {result.ExitCode}): {string.Join(' ', command.Take(8))}; it printed:\n{result.Output}",
                    "nothing was changed. The command is that of a package's own script, and the lines above are its own: ask for another version of that package, or report it to its maintainer");
            }
        }

        root.Unmount();
    }

    private void Follow(string line)
    {
        if (line.StartsWith(Triggers, StringComparison.Ordinal))
            _section = line;
        if (!line.StartsWith("Setting up ", StringComparison.Ordinal))
            return;
        _section = line;
        progress?.Report(new Activity(activity, line.Split(' ')[2]) { Done = ++_configured, Total = _total });
    }

    private static ScriptFailure ScriptFailed(string package, string what, ProgramResult result, IReadOnlyList<string> again, bool anew = false) =>
        new($"the {what} of package {package} failed (exit code {result.ExitCode}); it printed:\n{result.Output}",
            "nothing was changed. The lines above are the package's own: look for the first error among them; another version of it is asked for as PACKAGE=VERSION",
            package, result.Call, again, anew);

    [GeneratedRegex(@"^dpkg: error processing package (\S+) \(--configure\)", RegexOptions.Multiline)]
    private static partial Regex Failed();
}
