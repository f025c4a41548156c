namespace Mayfly.Environments.Tests;

/// <summary>Build backends as wheels, of what Debian has installed of them.</summary>
internal static class BackendWheels
{
    private const string Installed = "/usr/lib/python3/dist-packages";

    /// <summary>Writes all of them into a folder.</summary>
    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var wheel in Directory.GetFiles("/usr/share/python-wheels", "setuptools-*.whl"))
            File.Copy(wheel, $"{folder}/{Path.GetFileName(wheel)}");
        foreach (var (project, module) in ((string, string)[])[("wheel", "wheel"), ("flit_core", "flit_core"), ("hatchling", "hatchling"), ("packaging", "packaging"), ("pathspec", "pathspec"), ("pluggy", "pluggy"), ("poetry_core", "poetry")])
            Write(folder, project, module);
    }

    private static void Write(string folder, string project, string module)
    {
        var information = Directory.GetDirectories(Installed, $"{project}-*.*-info").Single();
        var version = Path.GetFileName(information)[(project.Length + 1)..^(Path.GetExtension(information).Length)];
        var files = Directory.EnumerateFiles($"{Installed}/{module}", "*", SearchOption.AllDirectories).Where(static path => !path.Contains("__pycache__", StringComparison.Ordinal)).ToDictionary(static path => path[(Installed.Length + 1)..], File.ReadAllText);
        // Debian has hatchling without editables, which only editable builds need.
        var metadata = File.ReadAllLines(File.Exists($"{information}/METADATA") ? $"{information}/METADATA" : $"{information}/PKG-INFO").Where(static line => !line.StartsWith("Requires-Dist: editables", StringComparison.Ordinal));
        files[$"{project}-{version}.dist-info/METADATA"] = string.Join('\n', metadata);
        if (File.Exists($"{information}/entry_points.txt"))
            files[$"{project}-{version}.dist-info/entry_points.txt"] = File.ReadAllText($"{information}/entry_points.txt");
        WheelFile.Write(folder, project, version, files);
    }
}
