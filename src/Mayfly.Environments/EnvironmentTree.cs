using System.Text;
using Mayfly.Linux;

namespace Mayfly.Environments;

/// <summary>Files and folders of an environment that is being made and that nobody sees yet.</summary>
internal static class EnvironmentTree
{
    private const int Everybody = 0b110_100_100, Runs = 0b111_101_101;

    /// <param name="root">The environment.</param>
    /// <param name="file">What comes.</param>
    /// <param name="folders">Those that are known to be there.</param>
    public static void Write(string root, PlannedFile file, HashSet<string> folders)
    {
        var path = $"{root}/{file.Path}";
        if (Path.GetDirectoryName(path) is { } folder && folders.Add(folder))
            Directory.CreateDirectory(folder);
        // .NET's copy shares blocks where the file system can, and keeps the mode.
        if (file.Source is { } source)
            File.Copy(source, path);
        else
        {
            using var written = new FileStream(path, FileMode.CreateNew);
            written.Write(file.Contents!);
        }

        if (file.Source is null || file.Runs)
            Files.ChangeMode(path, file.Runs ? Runs : Everybody);
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
    public static HashSet<string> SkeletonOf(Interpreter interpreter) => ["", "bin", "include", "lib", $"lib/{interpreter.FolderName}", interpreter.SitePackages];

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
        Nodes.MakeLink("python", $"{made}/bin/python{interpreter.Major}");
        Nodes.MakeLink("python", $"{made}/bin/{interpreter.FolderName}");
        foreach (var (name, script) in ActivationScript.All(root, prompt ?? Path.GetFileName(root)))
            File.WriteAllText($"{made}/bin/{name}", script);
    }
}
