using Mayfly.Packages;

namespace Mayfly.Images.Tests;

public sealed class IdTableTests
{
    private static LockedId User(string name, int id) => new(name, LockedIdKind.User, id);

    private static LockedId Group(string name, int id) => new(name, LockedIdKind.Group, id);

    [Fact]
    public void A_name_keeps_the_number_of_the_first_image_that_made_it() =>
        Assert.Equal([User("memcache", 100), Group("memcache", 101)], IdTable.Append([], [User("memcache", 100), Group("memcache", 101), User("memcache", 102)], []));

    [Fact]
    public void A_number_that_is_taken_goes_to_nobody_else()
    {
        var table = IdTable.Append([User("memcache", 100)], [User("postgres", 100), Group("postgres", 100)], [Group("users", 100)]);
        Assert.Equal([User("memcache", 100), User("postgres", 101), Group("postgres", 101)], table);
        Assert.Equal([new Renumbering(LockedIdKind.User, "postgres", 100, 101)], IdTable.Differing(table, [User("postgres", 100)]));
    }

    [Fact]
    public void Debians_own_numbers_need_no_table() => Assert.Empty(IdTable.Append([], [User("www-data", 33), User("nobody", 65534)], []));

    [Fact]
    public void What_the_table_says_stays_in_its_order() =>
        Assert.Equal([User("z", 900), User("a", 100)], IdTable.Append([User("z", 900)], [User("a", 100), User("z", 101)], []));

    [Fact]
    public void A_full_table_is_an_error() =>
        Assert.NotNull(Assert.Throws<MayflyException>(() => IdTable.Append([.. Enumerable.Range(100, 900).Select(id => User($"u{id}", id))], [User("more", 100)], [])).Hint);
}
