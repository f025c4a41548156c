using Mayfly.Packages;

namespace Mayfly.Machines.Local;

/// <summary>Data directories that outlive instances, and their copies for rehearsals.</summary>
public sealed class Volumes(Store store, string runFolder = Runtime.DefaultRunFolder)
{
    internal Store Store => store;

    internal string RunFolder => runFolder;

    /// <summary>The view whose volumes are the stack's own.</summary>
    public const string Live = "live";

    /// <summary>The folder on the host that an instance of this view sees as the volume.</summary>
    public string PathOf(string stack, string view, string volume) => throw new NotImplementedException();

    /// <summary>
    /// Copies every volume of the live view for another, as of one moment: instances that use a volume stand still while it is copied.
    /// A copy that the view already had is replaced.
    /// </summary>
    public Task CopyAsync(string stack, string view, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Throws a view's copies away.</summary>
    public void RemoveView(string stack, string view) => throw new NotImplementedException();

    /// <summary>The stack's volumes by name, with the bytes that they occupy.</summary>
    public IReadOnlyList<(string Name, long Bytes)> List(string stack) => throw new NotImplementedException();

    /// <summary>Removes the stack's volumes for good.</summary>
    public void Remove(string stack) => throw new NotImplementedException();
}
