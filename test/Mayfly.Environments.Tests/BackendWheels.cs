namespace Mayfly.Environments.Tests;

/// <summary>Build backends as wheels, of what Debian has installed of them.</summary>
internal static class BackendWheels
{
    /// <summary>Writes all of them into a folder.</summary>
    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var wheel in Directory.GetFiles("/usr/share/python-wheels", "setuptools-*.whl"))
            File.Copy(wheel, $"{folder}/{Path.GetFileName(wheel)}");
        // Debian has hatchling without editables, which only editable builds need.
        foreach (var (project, module) in ((string, string)[])[("wheel", "wheel"), ("flit_core", "flit_core"), ("hatchling", "hatchling"), ("packaging", "packaging"), ("pathspec", "pathspec"), ("pluggy", "pluggy"), ("poetry_core", "poetry")])
            DebianWheel.Write(folder, "/", project, module, without: "editables");
    }
}
