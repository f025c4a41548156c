using System.IO.Compression;

namespace Mayfly.Docs.Tests;

/// <summary>The shop's own package is there twice, as it is written and as the wheel that images are made of: both must be the same.</summary>
public sealed class ShopsOwnWheel
{
    [Fact]
    public void It_is_made_of_the_sources_beside_it()
    {
        var shop = Path.Combine(RepositoryFiles.Root, "examples/shop");
        using var wheel = ZipFile.OpenRead(Directory.GetFiles($"{shop}/wheels").Single());
        Assert.Equal(File.ReadAllText($"{shop}/packages/addresses/addresses.py"), Text("addresses.py"));
        var said = File.ReadLines($"{shop}/packages/addresses/pyproject.toml").Where(static line => line.Contains(" = \"", StringComparison.Ordinal)).Select(static line => line.Split(" = ")).ToDictionary(static pair => pair[0], static pair => pair[1].Trim('"'));
        var metadata = Text($"addresses-{said["version"]}.dist-info/METADATA").Split('\n');
        Assert.Contains($"Name: {said["name"]}", metadata);
        Assert.Contains($"Version: {said["version"]}", metadata);
        Assert.Contains($"Summary: {said["description"]}", metadata);
        Assert.Contains($"Requires-Python: {said["requires-python"]}", metadata);

        string Text(string name)
        {
            using var reader = new StreamReader(wheel.GetEntry(name)!.Open());
            return reader.ReadToEnd();
        }
    }
}
