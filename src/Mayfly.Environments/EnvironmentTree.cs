using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Text;
using Mayfly.Linux;

namespace Mayfly.Environments;

/// <summary>Files and folders of an environment that is being made and that nobody sees yet.</summary>
internal static class EnvironmentTree
{
    private const int Data = 0b110_110_110, Runs = 0b111_111_111, Block = 4096;

    /// <summary>Writes what comes, on all cores.</summary>
    /// <param name="root">The environment.</param>
    /// <param name="files">All of it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="MayflyException">A file of the store is not what it was.</exception>
    public static void Write(string root, IEnumerable<PlannedFile> files, CancellationToken cancellationToken)
    {
        PlannedFile[] all = [.. files];
        foreach (var folder in all.Select(static file => Path.GetDirectoryName(file.Path)!).Distinct())
            Directory.CreateDirectory($"{root}/{folder}");
        // Whole runs of files, which mostly belong to one folder: two that make names in the same folder wait for each other.
        var runs = Partitioner.Create(0, Math.Max(all.Length, 1), Math.Max(64, all.Length / (Environment.ProcessorCount * 4)));
        try
        {
            Parallel.ForEach(runs, new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount }, run =>
            {
                var sharing = true;
                foreach (var file in all.AsSpan(Math.Min(run.Item1, all.Length)..Math.Min(run.Item2, all.Length)))
                    Write(root, file, ref sharing);
            });
        }
        catch (AggregateException e) when (e.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Throw(inner);
        }
    }

    /// <summary>What files take of a disk, in bytes: whole blocks of the usual size.</summary>
    public static long RoomFor(IReadOnlyList<WheelPlan> install) => install.SelectMany(static plan => plan.Files).Sum(static file => ((file.Size ?? 0) + Block - 1) / Block * Block);

    private static void Write(string root, PlannedFile file, ref bool sharing)
    {
        var path = $"{root}/{file.Path}";
        if (file.Source is not { } source)
        {
            File.WriteAllBytes(path, file.Contents!);
            if (file.Runs)
                Files.ChangeMode(path, (int)File.GetUnixFileMode(path) | 0b001_001_001);
            return;
        }

        try
        {
            // Another mode than in the store, whose files are everybody's: this one is the user's, and as pip would make it.
            var node = Nodes.Read(source);
            FileHandles.Copy(source, path, file.Runs || (node.Mode & 0b001_001_001) != 0 ? Runs : Data, file.Size ?? node.Size, ref sharing);
        }
        catch (EndOfStreamException e)
        {
            // A store that a power cut has damaged; what is in it is not synced file by file.
            throw new MayflyException($"the store's file {source} is damaged: {e.Message}", $"remove {Path.GetDirectoryName(source)!.Split("/files")[0]} and run the command again; it is unpacked anew", e);
        }
    }

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
            text.Append($"prompt = {prompt}\n");
        File.WriteAllText($"{made}/pyvenv.cfg", text.ToString());
        Nodes.MakeLink(interpreter.Executable, $"{made}/bin/python");
        foreach (var program in interpreter.Programs.Skip(1))
            Nodes.MakeLink("python", $"{made}/bin/{program}");
        foreach (var (name, script) in ActivationScript.All(root, prompt ?? Path.GetFileName(root)))
            File.WriteAllText($"{made}/bin/{name}", script);
    }
}
