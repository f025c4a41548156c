using System.Text;

namespace Mayfly.Environments.Tests;

/// <summary>A wheel of what Debian's package has of a project: its modules as they are, and its own metadata.</summary>
internal static class DebianWheel
{
    /// <summary>Where Debian's packages have modules, in a system or in an unpacked package.</summary>
    public const string Modules = "usr/lib/python3/dist-packages";

    /// <summary>Makes one and gives its path.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="tree">The root of what is installed or unpacked.</param>
    /// <param name="project">Its name, as its metadata's folder has it.</param>
    /// <param name="module">Its package.</param>
    /// <param name="requires">What it needs and no longer says: Debian's packages say it themselves.</param>
    /// <param name="without">A project that it says it needs, and Debian has it without.</param>
    public static string Write(string folder, string tree, string project, string module, string[]? requires = null, string? without = null)
    {
        var root = $"{tree.TrimEnd('/')}/{Modules}";
        var information = Directory.GetDirectories(root, $"{project}-*.*-info").Single();
        var version = Path.GetFileName(information)[(project.Length + 1)..^Path.GetExtension(information).Length];
        // Links lead to what other packages have.
        var files = Directory.EnumerateFiles($"{root}/{module}", "*", SearchOption.AllDirectories).Where(static path => !path.Contains("__pycache__", StringComparison.Ordinal) && File.ResolveLinkTarget(path, true) is null or { Exists: true })
            .ToDictionary(path => Path.GetRelativePath(root, path), File.ReadAllBytes);
        var metadata = File.ReadAllLines(File.Exists($"{information}/METADATA") ? $"{information}/METADATA" : $"{information}/PKG-INFO").Where(line => without is null || !line.StartsWith($"Requires-Dist: {without}", StringComparison.Ordinal)).ToList();
        metadata.InsertRange(metadata.FindIndex(static line => line.StartsWith("Version: ", StringComparison.Ordinal)) + 1, (requires ?? []).Select(static one => $"Requires-Dist: {one}"));
        files[$"{project}-{version}.dist-info/METADATA"] = Encoding.UTF8.GetBytes(string.Join('\n', metadata));
        if (File.Exists($"{information}/entry_points.txt"))
            files[$"{project}-{version}.dist-info/entry_points.txt"] = File.ReadAllBytes($"{information}/entry_points.txt");
        return WheelFile.WriteWith(folder, project, version, files, "");
    }
}
