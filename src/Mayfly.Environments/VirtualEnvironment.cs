using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Environments;

/// <summary>A virtual environment (PEP 405): a folder with an interpreter of its own that sees its own packages.</summary>
/// <remarks>
/// What it keeps: what <c>python -m venv</c> would make, so that pip, editors and the scripts that activate it take it for one of theirs; which distributions it has is told by their
/// own metadata in it, for plain pip changes those too and nothing beside them would stay true. How it changes: a copy is made beside it, changed, and exchanged with it
/// by one call of the kernel; so whoever starts a program of it finds the old state or the new one, and the old one is left over as <c>.NAME.before</c>, to go back to. What a
/// process left half made when it was killed is beside it too, as <c>.NAME.new-…</c>, and goes when the environment is changed next. Why not in place:
/// an installer that is killed in the middle leaves modules of two versions, and nothing that could say so.
/// </remarks>
public sealed class VirtualEnvironment
{
    private readonly Interpreter? _interpreter;
    private EnvironmentTurn? _turn;

    private VirtualEnvironment(string root, Interpreter interpreter) => (Root, _interpreter, SitePackages) = (root, interpreter, interpreter.SitePackages);

    private VirtualEnvironment(string root, InterpreterLoss loss, string packages) => (Root, Loss, SitePackages) = (root, loss, packages);

    /// <summary>Its absolute path.</summary>
    public string Root { get; }

    /// <summary>What it was made with.</summary>
    /// <exception cref="MayflyException">It is lost; only one that was opened to be read has such a one.</exception>
    public Interpreter Interpreter => _interpreter ?? throw Loss!.Refusal;

    /// <summary>Why it cannot run; null when it can.</summary>
    public InterpreterLoss? Loss { get; }

    /// <summary>Where it has its packages, seen from its root.</summary>
    public string SitePackages { get; }

    /// <summary>True when it sees the interpreter's own packages too.</summary>
    public bool SeesSystemPackages => PyvenvFile.SeesSystem(Root);

    /// <summary>True when there is a state before the last change.</summary>
    public bool CanRollBack => Directory.Exists(Before);

    /// <summary>Whether its files are the store's too.</summary>
    public LinkMode Links => LinkSetting.Of(Root);

    private string Before => $"{Path.GetDirectoryName(Root)}/.{Path.GetFileName(Root)}.before";

    /// <summary>Where its packages are.</summary>
    public string PackagesFolder => $"{Root}/{SitePackages}";

    /// <summary>Makes one, empty or with packages; it is there whole or not at all.</summary>
    /// <param name="root">Where; nothing is there yet.</param>
    /// <param name="interpreter">What it runs.</param>
    /// <param name="prompt">What shells show of it; null for the folder's name.</param>
    /// <param name="systemPackages">True when it shall see the interpreter's own packages too.</param>
    /// <param name="install">What it begins with; null for nothing.</param>
    /// <param name="tool">The path of a mayfly that answers for pip in it; null: it has no pip but one that it begins with.</param>
    /// <param name="placement">How it gets its files; null for what is usual.</param>
    /// <param name="progress">Told of files of the store that somebody has changed.</param>
    /// <param name="cancellationToken">Ends compiling, with nothing made.</param>
    public static VirtualEnvironment Create(string root, Interpreter interpreter, string? prompt = null, bool systemPackages = false, IReadOnlyList<WheelPlan>? install = null, string? tool = null, Placement? placement = null, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default) => Create(root, interpreter, prompt, systemPackages, tool, EnvironmentTree.RoomFor(install ?? []), made =>
    {
        if (tool is not null && install?.Any(static plan => plan.Wheel.Name.Project.Text == "pip") != true)
            PipPrograms.Write(made, interpreter, tool);
        var links = placement?.Links ?? LinkMode.Copy;
        // A new one says nothing of it, which means copies.
        if (links != LinkMode.Copy)
            LinkSetting.Note(made, links);
        if (install is not { Count: > 0 })
            return;
        Fill(made, install, links, progress, takesPrepared: true);
        if (placement?.Compiles == true)
            ByteCode.Write(made, Path.GetFullPath(root), interpreter, install, cancellationToken);
        EnvironmentRecord.Write(made, interpreter.SitePackages, null, "", install);
    });

    private static VirtualEnvironment Create(string root, Interpreter interpreter, string? prompt, bool systemPackages, string? tool, long room, Action<string> fill)
    {
        root = Path.GetFullPath(root);
        if (Path.Exists(root))
            throw IsThere(root);
        var made = Beside(root);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(root)!);
            EnvironmentTree.WriteSkeleton(made, root, interpreter, prompt, systemPackages);
            if (tool is not null)
                PipPrograms.Note(made, tool);
            fill(made);
            Files.Rename(made, root);
        }
        catch (Exception e)
        {
            throw Undone(e, made, $"{root} cannot be made", room, "or name a place elsewhere", "name a place where you may write, with room on its disk");
        }

        return new VirtualEnvironment(root, interpreter);
    }

    /// <summary>Writes one with all that it has into a folder, whole; it is one once the folder is where it belongs.</summary>
    /// <param name="folder">Nothing is there yet.</param>
    /// <param name="root">The path that it will have, which its programs name.</param>
    /// <param name="interpreter">What it runs, there.</param>
    /// <param name="install">What it has.</param>
    /// <param name="systemPackages">True when it shall see the interpreter's own packages too.</param>
    /// <exception cref="MayflyException">Two of them have the same file, or one has a file of the environment itself.</exception>
    public static void Write(string folder, string root, Interpreter interpreter, IReadOnlyList<WheelPlan> install, bool systemPackages = false)
    {
        EnvironmentTree.WriteSkeleton(folder, root, interpreter, null, systemPackages);
        Fill(folder, install, LinkMode.Copy, null);
    }

    /// <summary>Puts the first that it has into one that is being made.</summary>
    private static void Fill(string made, IReadOnlyList<WheelPlan> install, LinkMode links, IProgress<Activity>? progress, bool takesPrepared = false)
    {
        FileOwnership.RequireApart(new FolderKinds(made), install, [], []);
        EnvironmentTree.Write(made, install, links, progress, CancellationToken.None, takesPrepared);
    }

    /// <summary>Opens one, whoever made it.</summary>
    /// <param name="root">Its path.</param>
    /// <param name="kept">Keeps what its interpreter answers; null: it is asked anew.</param>
    /// <exception cref="MayflyException">It is none, or its interpreter is gone or another one than it was made with.</exception>
    public static VirtualEnvironment Open(string root, Store? kept = null)
    {
        var opened = Read(root, kept);
        return opened.Loss is { } loss ? throw loss.Refusal : opened;
    }

    /// <summary>Opens one for what is in it, although it may not run any more.</summary>
    /// <param name="root">Its path.</param>
    /// <param name="kept">Keeps what its interpreter answers; null: it is asked anew.</param>
    /// <exception cref="MayflyException">It is none.</exception>
    public static VirtualEnvironment Read(string root, Store? kept = null)
    {
        root = Path.GetFullPath(root);
        Require(root);
        const string Hint = "make it anew with an interpreter that is there; mayfly env freeze still tells what is in it";
        var made = PyvenvFile.Value(root, "version", "version_info");
        var program = new FileInfo($"{root}/bin/python");
        if (!program.Exists)
            return Gone();
        try
        {
            if (program.ResolveLinkTarget(returnFinalTarget: true) is { Exists: false })
                return Gone();
        }
        catch (IOException e)
        {
            return Lost("its interpreter is a link that leads nowhere", $"{program.FullName} is a link that leads nowhere: {e.Message}", e);
        }

        try
        {
            var interpreter = Interpreter.Ask(program.FullName, kept);
            // Another minor version looks for packages in another folder (PEP 405), and would find none.
            return made is null || made == interpreter.Target.Markers.PythonVersion || made.StartsWith($"{interpreter.Target.Markers.PythonVersion}.", StringComparison.Ordinal) ? new VirtualEnvironment(root, interpreter)
                : Lost($"made with Python {made}, its interpreter is {interpreter.Name}", $"{root} was made with Python {made}, and its interpreter is {interpreter.Name} by now", null);
        }
        catch (MayflyException e)
        {
            return Lost("its interpreter does not run", $"the interpreter of {root} does not run: {e.Message}", e);
        }

        VirtualEnvironment Gone() => Lost("its interpreter is gone", $"the interpreter of {root} is gone{(program.LinkTarget is { } target ? $": {target}" : "")}", null);

        VirtualEnvironment Lost(string what, string message, Exception? inner) => new(root, new InterpreterLoss(what, new MayflyException(message, Hint, inner)), Packages());

        string Packages()
        {
            string[] all = Directory.Exists($"{root}/lib") ? [.. Directory.GetDirectories($"{root}/lib").Select(static folder => $"lib/{Path.GetFileName(folder)}/site-packages").Where(path => Directory.Exists($"{root}/{path}")).Order(StringComparer.Ordinal)] : [];
            return all.FirstOrDefault(path => made is not null && path == $"lib/python{string.Join('.', made.Split('.').Take(2))}/site-packages") ?? all.FirstOrDefault() ?? "lib/site-packages";
        }
    }

    /// <summary>Refuses a path where there is none.</summary>
    /// <exception cref="MayflyException">There is none.</exception>
    public static void Require(string root)
    {
        if (!File.Exists($"{root}/pyvenv.cfg"))
            throw NoEnvironment(root);
    }

    /// <summary>Makes another one with the same in it.</summary>
    /// <param name="root">Where; nothing is there yet.</param>
    /// <param name="progress">Told of those that it waits for.</param>
    /// <param name="links">Whether what is a link in this one is one in the other, and what comes into that later; null: as in this one.</param>
    /// <param name="cancellationToken">Ends it, with nothing made.</param>
    public VirtualEnvironment Copy(string root, IProgress<Activity>? progress = null, LinkMode? links = null, CancellationToken cancellationToken = default)
    {
        root = Path.GetFullPath(root);
        using var turn = EnvironmentTurn.Take(Root, progress, cancellationToken);
        return Create(root, Interpreter, PyvenvFile.Prompt(Root), SeesSystemPackages, PipPrograms.ToolOf(Root), Trees.Occupied(Root), made => EnvironmentCopy.Fill(this, made, root, links ?? LinkSetting.Of(Root), isAsked: links is not null));
    }

    /// <summary>Removes one, with the state before; its interpreter may be gone.</summary>
    /// <exception cref="MayflyException">There is none, or it cannot be removed; it is as it was then.</exception>
    public static void Delete(string root, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        root = Path.GetFullPath(root);
        Require(root);
        using var turn = EnvironmentTurn.Take(root, progress, cancellationToken);
        var left = Beside(root);
        try
        {
            // Gone at once, whole; what takes time comes after.
            Files.Rename(root, left);
        }
        catch (IOException e)
        {
            throw new MayflyException($"{root} cannot be removed: {HostRefusal.Why(e)}", "look who may write there", e);
        }

        Discard(left);
        if ($"{Path.GetDirectoryName(root)}/.{Path.GetFileName(root)}.before" is var before && Directory.Exists(before))
            Discard(before);
        turn.Remove();
    }

    /// <summary>What is installed, in the order of the names.</summary>
    public IReadOnlyList<InstalledDistribution> Installed() => InstalledDistribution.In(PackagesFolder);

    /// <summary>What was installed before the last change; null when that is not known.</summary>
    public IReadOnlyList<InstalledDistribution>? InstalledBefore() => CanRollBack ? InstalledDistribution.In($"{Before}/{SitePackages}") : null;

    /// <summary>Does what decides by what is installed, and changes it then: nobody else changes it meanwhile, so that what was decided still holds.</summary>
    /// <param name="work">Reads, decides, and changes it, or does not.</param>
    /// <param name="progress">Told of those that it waits for.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="MayflyException">It is gone, or another one is in its place.</exception>
    public async Task<T> AloneAsync<T>(Func<Task<T>> work, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        using var turn = Take();
        if (!Directory.Exists(PackagesFolder))
            throw new MayflyException($"{Root} is no environment of {Interpreter.Name} any more", "it was made anew meanwhile: run the command again");
        _turn = turn;
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            _turn = null;
        }

        EnvironmentTurn? Take()
        {
            try
            {
                return EnvironmentTurn.Take(Root, progress, cancellationToken);
            }
            catch (MayflyException e) when (e.InnerException is LinuxException)
            {
                // Who cannot write beside it may still be told that there is nothing to change.
                return null;
            }
        }
    }

    /// <summary>Installs these, in the place of what is there of the same projects, and removes those; all of it is there afterwards, or nothing has changed.</summary>
    /// <param name="install">What comes.</param>
    /// <param name="remove">What goes.</param>
    /// <param name="progress">Told of those that it waits for.</param>
    /// <param name="placement">How it gets the files of what comes; null for what is usual.</param>
    /// <param name="cancellationToken">Ends it, with nothing changed.</param>
    /// <exception cref="MayflyException">Two of them have the same file, or one has a file that another distribution or the environment itself has.</exception>
    public void Change(IReadOnlyList<WheelPlan> install, IReadOnlyCollection<ProjectName> remove, IProgress<Activity>? progress = null, Placement? placement = null, CancellationToken cancellationToken = default)
    {
        using var turn = _turn is null ? EnvironmentTurn.Take(Root, progress, cancellationToken) : null;
        RemoveLeftovers();
        var coming = install.Select(static plan => plan.Wheel.Name.Project).ToHashSet();
        var installed = Installed();
        InstalledDistribution[] going = [.. installed.Where(one => coming.Contains(one.Project) || remove.Contains(one.Project))], staying = [.. installed.Except(going)];
        if (going.FirstOrDefault(static one => one.RecordFault is not null) is { } unknown)
            throw new MayflyException($"{unknown.Project} {unknown.Version} {unknown.RecordFault}, so nobody can say which files are its own, and it stays", unknown.IsLegacy ? $"setuptools installed it without a wheel: pip uninstall {unknown.Project} in the environment removes it" : $"put {PackagesFolder}/{unknown.Information}/RECORD right, or make the environment anew");
        var gone = going.SelectMany(static one => one.Files).Select(Within).Where(static path => path.Length > 0 && !FileOwnership.IsItsOwn(path)).ToHashSet(StringComparer.Ordinal);
        // Namespaces of old have one file that several bring.
        gone.ExceptWith(staying.SelectMany(static one => one.Files).Select(Within));
        var comesPip = coming.Any(static project => project.Text == "pip");
        if (comesPip)
            gone.UnionWith(PipPrograms.In(Root, Interpreter));
        var folders = new FolderKinds(Root);
        FileOwnership.RequireApart(folders, install, staying.SelectMany(one => one.Files.Select(file => (Within(file), $"{one.Project} {one.Version}, which is installed"))), gone);
        FileOwnership.RequireNoLinks(folders, [.. gone, .. install.SelectMany(static plan => plan.Files).Select(static file => file.Path), .. placement?.Compiles == true ? ByteCode.FoldersOf(install) : []]);
        var made = Beside(Root);
        var was = LinkSetting.Of(Root);
        var links = placement?.Links ?? was;
        try
        {
            Directory.CreateDirectory(made);
            Trees.CopyFolderFacts(Root, made);
            // What stays is what it was: of the store's files another name; and when that ends, a file of its own.
            Trees.CopyContents(Root, made, links == LinkMode.Hardlink ? SharedFileCopy.Linked : was == LinkMode.Hardlink ? SharedFileCopy.Apart : SharedFileCopy.AsItIs);
            LinkSetting.Note(made, links);
            var skeleton = EnvironmentTree.SkeletonOf(Interpreter);
            foreach (var path in gone)
                EnvironmentTree.Remove(made, path, skeleton);
            EnvironmentTree.Write(made, install, links, progress, cancellationToken, takesPrepared: true);
            if (placement?.Compiles == true)
                ByteCode.Write(made, Root, Interpreter, install, cancellationToken);
            if (!comesPip && staying.All(static one => one.Project.Text != "pip") && PipPrograms.ToolOf(Root) is { } tool)
                PipPrograms.Write(made, Interpreter, tool);
            EnvironmentRecord.Write(made, SitePackages, EnvironmentRecord.Read(Root), PackagesFolder, install);
            Forget();
            Files.Exchange(made, Root);
        }
        catch (Exception e)
        {
            throw Undone(e, made, $"{Root} cannot be changed, and is as it was", Trees.Occupied(Root) + EnvironmentTree.RoomFor(install), "which a change is made beside", "look at the disk and at who may write there");
        }

        Keep(made);
    }

    /// <summary>Goes back to the state before the last change; done twice, it is the state of now again.</summary>
    /// <exception cref="MayflyException">There is none.</exception>
    public void RollBack(IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        using var turn = EnvironmentTurn.Take(Root, progress, cancellationToken);
        if (!CanRollBack)
            throw new MayflyException($"{Root} has no state before this one", "only what Mayfly changed can be gone back from, and only once");
        try
        {
            Files.Exchange(Before, Root);
        }
        catch (IOException e)
        {
            throw new MayflyException($"{Root} cannot be changed, and is as it was: {HostRefusal.Why(e)}", "look at the disk and at who may write there", e);
        }
    }

    /// <summary>The state before the one that is about to be left is none to go back to any more: whenever this ends, what is kept is the last state or there is none.</summary>
    private void Forget()
    {
        if (!Directory.Exists(Before))
            return;
        var left = Beside(Root);
        Files.Rename(Before, left);
        Discard(left);
    }

    /// <summary>The change is done; if the state before it cannot be kept, that is no reason to say otherwise.</summary>
    private void Keep(string made)
    {
        try
        {
            Files.Rename(made, Before);
        }
        catch (IOException)
        {
        }
    }

    /// <summary>Takes away what was made so far, and says what is to be thrown.</summary>
    /// <param name="failure">What happened.</param>
    /// <param name="made">What goes.</param>
    /// <param name="what">What could not be done.</param>
    /// <param name="room">Bytes that it takes.</param>
    /// <param name="full">The end of the hint when the disk is full.</param>
    /// <param name="hint">The hint when it is something else that the disk says.</param>
    private static Exception Undone(Exception failure, string made, string what, long room, string full, string hint)
    {
        if (failure is not (IOException or UnauthorizedAccessException))
        {
            Discard(made);
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }

        var folder = Path.GetDirectoryName(made)!;
        // As long as all of it is there: afterwards there is room again.
        var why = HostRefusal.IsFull(failure) ? HostRefusal.Why(failure, folder) : failure.Message;
        Discard(made);
        return new MayflyException($"{what}: {why}", HostRefusal.IsFull(failure) ? $"{HostRefusal.MakeRoomAt(folder, room)}, {full}" : hint, failure);
    }

    private void RemoveLeftovers()
    {
        var name = Path.GetFileName(Root);
        foreach (var left in Directory.GetDirectories(Path.GetDirectoryName(Root)!, $".{name}.new-????????").Where(path => Path.GetFileName(path).Length == name.Length + 14))
            Discard(left);
    }

    /// <summary>What cannot be removed, since a folder in it may not be written, is in nobody's way.</summary>
    private static void Discard(string path)
    {
        try
        {
            Trees.Remove(path);
        }
        catch (IOException)
        {
        }
    }

    /// <summary>A path of a record, which begins at the packages, as one that begins at the environment's root; what leads out of it is nobody's.</summary>
    private string Within(string recorded) => Path.GetFullPath($"{PackagesFolder}/{recorded}") is var full && full.StartsWith($"{Root}/", StringComparison.Ordinal) ? FileOwnership.InLib(full[(Root.Length + 1)..]) : "";

    /// <summary>What is said when there is something at the path of a new one.</summary>
    public static MayflyException IsThere(string root) => new($"{root} is there already", "name another environment, or delete that one");

    private static MayflyException NoEnvironment(string root) => ExternallyManaged.Find(root) is { } system
        ? new($"{root} is no environment, and the Python in it belongs to the system, which alone installs into it (PEP 668)", $"make an environment and install there: mayfly env create NAME{(system.Words.Length > 0 ? $"; or, as the system says: {system.Words}" : "")}")
        : new(Directory.Exists(root) ? $"{root} is no environment" : $"there is no environment {root}", "an environment has a file pyvenv.cfg; mayfly env list shows those that there are");

    /// <summary>A name on the same disk that nobody else has.</summary>
    private static string Beside(string root) => $"{Path.GetDirectoryName(root)}/.{Path.GetFileName(root)}.new-{Guid.NewGuid().ToString("n")[..8]}";
}
