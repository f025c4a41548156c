namespace Mayfly.Packages.Python.Resolving;

/// <summary>A file of a project is not what it should be, so that another version of it may have to do.</summary>
internal sealed class UnusableFileException(MayflyException why) : MayflyException(why.Message, why.Hint, why);
