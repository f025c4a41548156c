using Mayfly.Environments;
using Mayfly.Packages.Python.Locking;

namespace Mayfly.Images.Building;

/// <summary>Debian's interpreter in an image, as environments know one.</summary>
internal static class ImageInterpreter
{
    public static Interpreter Of(ImagePython python) =>
        new() { Executable = python.Executable, Prefix = "/usr", Major = 3, Minor = python.Minor, SitePackages = $"lib/python3.{python.Minor}/site-packages", Target = python.Target };
}
