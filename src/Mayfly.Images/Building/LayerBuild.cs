using Mayfly.Images.Dpkg;
using Mayfly.Images.Layers;
using Mayfly.Images.Placing;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Debian;

namespace Mayfly.Images.Building;

/// <summary>Makes one layer in a work folder, over the trees of those below.</summary>
internal sealed class LayerBuild(Store store, string image, IReadOnlyList<MadeLayer> layers, long epoch, IProgress<Activity>? progress)
{
    /// <summary>The trees below, lowest first, by paths that stay valid while they are committed.</summary>
    private IReadOnlyList<string> _below = [];

    /// <summary>The stack's table of account ids, which packages' scripts are given.</summary>
    public IReadOnlyList<LockedId> Ids { get; init; } = [];

    /// <inheritdoc cref="ImageBuilder.WorthKeeping"/>
    public required int WorthKeeping { get; init; }

    /// <summary>Keep the work folder when a script fails in it.</summary>
    public bool KeepFailed { get; init; }

    public LayerContents Make(BuildStep step, string work, CancellationToken cancellationToken)
    {
        using var root = new BuildRoot(work) { Ids = Ids };
        try
        {
            _below = [.. layers.Select(layer => root.Open(layer.Tree))];
            return Do(step, work, root, cancellationToken);
        }
        catch (ScriptFailure failure)
        {
            if (!KeepFailed)
                throw failure.Told();
            // What is kept names the layers below it by the places that they have then.
            Task.WaitAll([.. layers.Select(static layer => layer.Committed)], CancellationToken.None);
            root.End();
            throw failure.Kept(store, work);
        }
    }

    private LayerContents Do(BuildStep step, string work, BuildRoot root, CancellationToken cancellationToken) => step switch
    {
        PackageStep packages => Install(packages, work, root, cancellationToken),
        EnvironmentStep environment => new LayerContents(new EnvironmentLayer(store, _below).Make(environment, work, root, Copy, cancellationToken)),
        CopyStep files => new LayerContents(Copy(files, work, root, cancellationToken)),
        // Accounts that a recipe's own command makes are numbered by whoever wrote the command.
        RunStep command => Execute(command, root, cancellationToken),
        _ => throw new InvalidOperationException($"a step of the kind {step.GetType().Name}"),
    };

    private LayerContents Install(PackageStep step, string work, BuildRoot root, CancellationToken cancellationToken)
    {
        var activity = _below.Count == 0 ? "install base" : $"install {string.Join(' ', step.Requests)}";
        var packages = step.Stages.SelectMany(static stage => stage.Packages).ToDictionary(static package => package.Id, Read, StringComparer.Ordinal);
        DpkgStage[] stages = [.. step.Stages.Select(stage => new DpkgStage(Those(stage.Packages), Those(stage.Configured)) { Epoch = stage.Epoch, Inputs = stage.Inputs is { } inputs ? PrefixStore.InputsOf(inputs, WorthKeeping) : null })];
        var joined = DpkgStage.Joined(stages, overNothing: _below.Count == 0);
        var prefixes = new StagePrefixes(new PrefixStore(store), Ids);
        var (begun, before) = prefixes.Find(joined);
        using var compilation = new ByteCompilation($"{work}/bytecode", cancellationToken);
        foreach (var prefix in before)
            compilation.Resume(prefix);
        var install = new PackageInstall(root, compilation, _below, before, progress, activity) { WorthKeeping = WorthKeeping, Work = $"{work}/kept" };
        install.Run([.. joined.Skip(begun)], cancellationToken);
        IReadOnlyList<string> leftOut = [];
        IReadOnlyList<MadePrefix> made = [];
        var tree = root.Run(() =>
        {
            string[] signs = [.. install.Written.SelectMany(LayerTree.Signs)];
            var merged = install.Merge();
            compilation.MoveInto(merged);
            leftOut = LayerCleaning.Clean(merged, epoch, ofPackages: true);
            // Releases after bookworm have no usrmerge that would run last: their links come with base-files, and update-shells' pairs stay.
            if (_below.Count == 0 && packages.Values.Any(static package => package.Name == "usrmerge"))
                LayerCleaning.OrderShells(merged);
            // No package brings it, and programs look for it; debootstrap and mmdebstrap leave the same words.
            if (_below.Count == 0)
            {
                LayerTree.Remove($"{merged}/etc/fstab");
                File.WriteAllText($"{merged}/etc/fstab", "# UNCONFIGURED FSTAB FOR BASE SYSTEM\n");
            }

            if (step.Automatic is not null)
                MakeAptFolders(merged);
            LeaveAsApt(merged);
            WriteExtendedStates(merged, step, stages);
            LayerTree.Tidy(merged, signs, _below);
            LayerTree.Date(merged, epoch, isWritten: false);
            made = prefixes.Keep(install, compilation, _below, before, work);
            return merged;
        });
        progress?.Report(new Activity(activity, $"{step.Stages.Sum(static stage => stage.Packages.Count)} packages") { Ended = true });
        var ids = new LayerView([.. _below, tree]).ReadAccounts().Except(new LayerView(_below).ReadAccounts());
        if (ids.FirstOrDefault(id => IdTable.IsChosen(id) && Ids.Any(given => given.Kind == id.Kind && given.Name == id.Name && given.Id != id.Id)) is { } other)
        {
            var kind = other.Kind == LockedIdKind.User ? "user" : "group";
            throw new MayflyException($"scripts of '{step.Origin}' gave the {kind} {other.Name} the number {other.Id}, and {LockFile.Name} has {Ids.First(given => given.Kind == other.Kind && given.Name == other.Name).Id} for it",
                $"a script that names the number itself cannot be given another: write {kind}.\"{other.Name}\" = {other.Id} in [ids] of {LockFile.Name}, and remove the line of whoever else has that number");
        }

        return new LayerContents(tree)
        {
            Ids = ids,
            LeftOut = leftOut,
            Prefixes = [.. before.Select(static prefix => prefix.Record.Key)],
            MadePrefixes = made,
        };

        IReadOnlyList<DpkgPackage> Those(IReadOnlyList<LockedPackage> locked) => [.. locked.Select(package => packages[package.Id])];
    }

    private DpkgPackage Read(LockedPackage package) =>
        DpkgPackage.Read(UnpackedPackage.Find(store, package.Sha256)
            ?? throw new MayflyException($"package {package.Id} {package.Version} is not unpacked in the store", "run the command again; it is fetched and unpacked first"), package);

    private string Copy(CopyStep step, string work, BuildRoot root, CancellationToken cancellationToken)
    {
        var view = new LayerView(_below);
        var accounts = view.ReadAccounts();
        var placement = new Placement(view, Diversions.None, StatOverrides.None, accounts, static () => InstalledFiles.None);
        var texts = $"{work}/texts";
        Directory.CreateDirectory(texts);
        var number = 0;
        foreach (var file in step.Files)
        {
            var (user, group) = OwnerOf(file, accounts);
            string? source = null;
            if (file is { Kind: NodeKind.File, Source: null })
                File.WriteAllText(source = $"{texts}/{number++}", file.Text);
            placement.AddGiven(new Placed
            {
                Path = file.Path,
                Kind = file.Kind,
                Mode = file.Mode,
                User = user,
                Group = group,
                Time = epoch,
                Source = source ?? file.Source,
                Copy = true,
                Target = file.Kind == NodeKind.Link ? file.Text! : "",
            });
        }

        var tree = root.NewFolder("files");
        root.Run(() =>
        {
            TreeWriter.Write(placement.Names, tree, cancellationToken);
            LayerTree.Date(tree, epoch, isWritten: true);
        });
        // A file that was edited since its hash was taken would be found under the wrong key for ever.
        foreach (var file in step.Files)
        {
            if (file.Source is { } source && HostFile.HashOf($"{tree}/{placement.RealPath(file.Path, "")}") != file.Hash)
                throw new MayflyException($"{source} was changed while it was copied", "run the command again when nothing writes to it");
        }

        return tree;
    }

    private static (int User, int Group) OwnerOf(HostFile file, Accounts accounts)
    {
        var colon = file.Owner.IndexOf(':');
        var (user, group) = colon < 0 ? (file.Owner, file.Owner) : (file.Owner[..colon], file.Owner[(colon + 1)..]);
        return (Find(user, accounts.FindUser, "user"), Find(group, accounts.FindGroup, "group"));

        int Find(string name, Func<string, int?> find, string kind) =>
            find(name) ?? (int.TryParse(name, out var number) && number >= 0 ? number
                : throw new MayflyException($"/{file.Path} should belong to the {kind} {name}, which the image does not have",
                    "name an account that the image's packages make, or a number; look at its /etc/passwd with mayfly image inspect"));
    }

    private LayerContents Execute(RunStep step, BuildRoot root, CancellationToken cancellationToken)
    {
        var (command, view) = (step.Command, new LayerView(_below));
        var upper = root.Mount(_below);
        var home = "/root";
        IReadOnlyList<string> arguments = command.Command;
        if (command.User != "root")
        {
            var line = view.ReadText("etc/passwd").Split('\n').Select(static text => text.Split(':')).FirstOrDefault(fields => fields.Length > 5 && fields[0] == command.User)
                ?? throw new MayflyException($"the step '{step.Origin}' of {image} should run as {command.User}, a user that the image does not have", "name a user that the image's packages make");
            home = line[5];
            arguments = ["/usr/bin/setpriv", $"--reuid={command.User}", $"--regid={line[3]}", "--init-groups", "--", .. arguments];
        }

        progress?.Report(new Activity(step.Origin));
        var result = root.Start(arguments, ScriptEnvironment.ForCommands(epoch, home, command.Environment),
            line => progress?.Report(new Activity(step.Origin, line)), cancellationToken, command.WorkingDirectory);
        if (result.ExitCode != 0)
        {
            throw new ScriptFailure($"the step '{step.Origin}' of {image} ended with exit code {result.ExitCode}; it printed:\n{result.Output}",
                result.ExitCode is 126 or 127 ? "the program or the working directory was not found in the image" : "the lines above are the command's own; nothing of the image was changed",
                $"{image}-{step.Origin}", result.Call, arguments);
        }

        root.Unmount();
        var leftOut = root.Run(() =>
        {
            var leftOut = LayerCleaning.Clean(upper, epoch, ofPackages: false);
            LayerTree.Tidy(upper, LayerTree.Signs(upper), _below);
            LayerTree.Date(upper, epoch, isWritten: true);
            return leftOut;
        });
        progress?.Report(new Activity(step.Origin) { Ended = true });
        return new LayerContents(upper) { LeftOut = leftOut };
    }

    /// <summary>What apt needs to be driven from outside, as mmdebstrap does, and leaves in a base that apt itself is no part of: Ubuntu's.</summary>
    private static void MakeAptFolders(string tree)
    {
        foreach (var folder in (ReadOnlySpan<string>)["etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/sources.list.d", "var/cache/apt/archives", "var/lib/apt/lists", "var/log/apt"])
            LayerTree.MakeFolder(tree, folder);
    }

    /// <summary>apt locks what it works in, and gives to its own user what it fetches into (apt-pkg/acquire.cc, SetupAPTPartialDirectory). Here it never runs.</summary>
    private void LeaveAsApt(string tree)
    {
        foreach (var folder in (ReadOnlySpan<string>)["var/cache/apt/archives", "var/lib/apt/lists"])
        {
            var partial = $"{tree}/{folder}/partial";
            if (Nodes.Find(partial) is not { Kind: NodeKind.Directory })
                continue;
            var view = new LayerView([.. _below, tree]);
            Files.ChangeOwner(partial, view.ReadAccounts().FindUser("_apt") ?? 0, 0);
            Files.ChangeMode(partial, 0x1c0);
            File.WriteAllBytes($"{tree}/{folder}/lock", []);
            Files.ChangeMode($"{tree}/{folder}/lock", 0x1a0);
        }
    }

    /// <summary>apt's note of what was installed for another package's sake; dpkg knows nothing of it.</summary>
    private void WriteExtendedStates(string tree, PackageStep step, IReadOnlyList<DpkgStage> stages)
    {
        var states = ExtendedStates.Parse(new LayerView([.. _below, tree]).ReadText(ExtendedStates.Path));
        states.Add(stages, [.. step.Requests, .. step.Required], step.Architecture, isBase: _below.Count == 0, step.IsAddition, step.Automatic);
        // apt writes one of a base in any case.
        if (states.IsEmpty && step.Automatic is null)
            return;
        LayerTree.MakeFolder(tree, Path.GetDirectoryName(ExtendedStates.Path)!);
        var file = $"{tree}/{ExtendedStates.Path}";
        LayerTree.Remove(file);
        File.WriteAllText(file, states.ToString());
    }
}
