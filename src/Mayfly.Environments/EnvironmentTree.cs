using System.Text;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Environments;

/// <summary>Files and folders of an environment that is being made and that nobody sees yet.</summary>
internal static class EnvironmentTree
{
    private const int Data = 0b110_110_110, Runs = 0b111_111_111, Block = 4096;

    /// <summary>Writes what comes, on all cores.</summary>
    /// <param name="root">The environment.</param>
    /// <param name="install">All of it.</param>
    /// <param name="links">Whether what comes as it is in its wheel is linked.</param>
    /// <param name="progress">Told of files of the store that somebody has changed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="takesPrepared">True when it may have what was prepared (<see cref="PreparedCopy"/>).</param>
    /// <exception cref="MayflyException">A file of the store is not what it was.</exception>
    public static void Write(string root, IReadOnlyList<WheelPlan> install, LinkMode links, IProgress<Activity>? progress, CancellationToken cancellationToken, bool takesPrepared = false)
    {
        (WheelPlan Plan, IReadOnlyList<PlannedFile> Files)[] all = [.. install.Select(plan => (plan, takesPrepared && links == LinkMode.Copy ? PreparedCopy.Take(root, plan) : plan.Files))];
        // Runs of files that follow each other in a wheel, and so mostly belong to one folder: two that make names in the same folder wait for each other.
        var length = Math.Clamp(all.Sum(static one => one.Files.Count) / (Environment.ProcessorCount * 16), 16, 512);
        AllCores.Each(all.SelectMany(one => Enumerable.Range(0, (one.Files.Count + length - 1) / length).Select(number => (one.Plan, one.Files, Start: number * length))), cancellationToken, run =>
        {
            using var folders = new FolderChain(root);
            using var reader = run.Plan.Wheel.Open();
            for (var number = run.Start; number < Math.Min(run.Start + length, run.Files.Count); number++)
            {
                var file = run.Files[number];
                if (links == LinkMode.Hardlink && file.Source is { } shared && reader.TryLink(shared, file.Runs, folders, file.Path, progress))
                    continue;
                // Another mode than in the archive: what pip would give it. The process's mask is the user's wish.
                using var made = folders.CreateFile(file.Path, file.Runs ? Runs : Data);
                if (file.Source is { } source)
                    reader.CopyTo(source, made, file.Path);
                else
                    FileHandles.Write(made, file.Contents, file.Path);
            }
        });
    }

    /// <summary>What files take of a disk, in bytes: whole blocks of the usual size.</summary>
    public static long RoomFor(IReadOnlyList<WheelPlan> install) => RoomFor(install.SelectMany(static plan => plan.Files).Select(static file => file.Size ?? 0));

    /// <summary>The same of files of these sizes.</summary>
    public static long RoomFor(IEnumerable<long> sizes) => sizes.Sum(static size => (size + Block - 1) / Block * Block);

    /// <summary>Also its byte code, and folders that have nothing left in them.</summary>
    public static void Remove(string root, string path, HashSet<string> skeleton)
    {
        var folder = Path.GetDirectoryName(path)!;
        if (Nodes.Find($"{root}/{path}") is { Kind: not NodeKind.Directory })
            File.Delete($"{root}/{path}");
        if (path.EndsWith(".py", StringComparison.Ordinal) && Directory.Exists($"{root}/{folder}/__pycache__"))
        {
            foreach (var compiled in Directory.GetFiles($"{root}/{folder}/__pycache__", $"{Path.GetFileNameWithoutExtension(path)}.*.pyc"))
                File.Delete(compiled);
            RemoveEmpty(root, $"{folder}/__pycache__", skeleton);
        }

        RemoveEmpty(root, folder, skeleton);
    }

    private static void RemoveEmpty(string root, string folder, HashSet<string> skeleton)
    {
        while (!skeleton.Contains(folder) && Directory.Exists($"{root}/{folder}") && !Directory.EnumerateFileSystemEntries($"{root}/{folder}").Any())
        {
            Directory.Delete($"{root}/{folder}");
            folder = Path.GetDirectoryName(folder)!;
        }
    }

    /// <summary>Folders that every environment has.</summary>
    public static HashSet<string> SkeletonOf(Interpreter interpreter) => ["", "bin", "include", "lib", interpreter.Library, interpreter.SitePackages];

    /// <summary>What every environment begins with (PEP 405).</summary>
    public static void WriteSkeleton(string made, string root, Interpreter interpreter, string? prompt, bool systemPackages)
    {
        Directory.CreateDirectory($"{made}/bin");
        Directory.CreateDirectory($"{made}/include");
        Directory.CreateDirectory($"{made}/{interpreter.SitePackages}");
        // Programs of 64 bits look there too (PEP 405 says nothing of it, venv does it).
        Nodes.MakeLink("lib", $"{made}/lib64");
        var home = Path.GetDirectoryName(interpreter.Executable);
        var text = new StringBuilder($"home = {home}\ninclude-system-site-packages = {(systemPackages ? "true" : "false")}\nversion = {interpreter.Target.Markers.PythonFullVersion}\nexecutable = {interpreter.Executable}\n");
        if (prompt is not null)
            text.Append($"prompt = {PyvenvFile.Written(prompt)}\n");
        File.WriteAllText($"{made}/pyvenv.cfg", text.ToString());
        Nodes.MakeLink(interpreter.Executable, $"{made}/bin/python");
        foreach (var program in interpreter.Programs.Skip(1))
            Nodes.MakeLink("python", $"{made}/bin/{program}");
        foreach (var (name, script) in ActivationScript.All(root, prompt ?? Path.GetFileName(root)))
            File.WriteAllText($"{made}/bin/{name}", script);
    }
}
